"""What makes a sign in a stream: heights, distances and times."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StreamSettings:
    """Lengths in shoulder widths, heights below the shoulders; times in seconds.

    A hand that comes above `raised` is up until it is below `lowered`. Hands are up when one has
    been for `rise` and two frames. They rest when none has been up for `rest`, or for `lost` while
    one that was up is not found. What lasts less than `shortest` is no sign; what lasts `longest`
    is cut where the hands are stillest. A sign begins and ends `margin` before and after; of the
    way up and the way down, hands faster than `way_speed` a second, it has at most `way` less.

    A hand that stays within `still_radius` for `still` rests there, until it is `leave_radius`
    away. If that is lower than `home_below` it is a desk or a lap: coming back there for `settle`
    is enough to rest again.

    Frames further apart than `gap` do not belong to one sign.
    """

    raised: float = 0.9
    lowered: float = 1.0
    rise: float = 0.1
    rest: float = 0.25
    lost: float = 0.5
    shortest: float = 0.4
    longest: float = 6.0
    margin: float = 0.1
    way: float = 0.4
    way_speed: float = 1.0
    still: float = 3.0
    still_radius: float = 0.1
    leave_radius: float = 0.35
    home_below: float = 0.5
    settle: float = 0.3
    gap: float = 1.0
