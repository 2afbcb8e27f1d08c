"""What makes a sign in a stream: heights, distances and times."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StreamSettings:
    """Lengths in shoulder widths, heights below the shoulders; times in seconds.

    A hand that comes above `raised` is up until it is below `lowered`. Hands are up when one has
    been for `rise` and two frames. They rest when none has been up for `rest`, or for `lost` while
    one that was up is not found. What lasts less than `shortest` is no sign; what lasts `longest`
    is cut where the hands are stillest. A sign begins and ends `margin` before and after.

    A hand that stays within `still_radius` for `still` rests there, until it is `leave_radius`
    away; its sign has ended `held` after it came to stay. If that is lower than `home_below` it is
    a desk or a lap: coming back there for `settle` is enough to rest again.

    Frames further apart than `gap` do not belong to one sign.
    """

    raised: float = 1.0
    lowered: float = 1.2
    rise: float = 0.1
    rest: float = 0.2
    lost: float = 0.5
    shortest: float = 0.3
    longest: float = 6.0
    margin: float = 0.1
    still: float = 2.5
    still_radius: float = 0.15
    leave_radius: float = 0.35
    held: float = 0.5
    home_below: float = 0.5
    settle: float = 0.3
    gap: float = 1.0
