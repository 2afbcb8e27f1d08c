import pytest
import torch

from signpipe.parts.motion import motion


@pytest.mark.parametrize(("form", "still", "step"), [("forward", 4, 1), ("backward", 0, -1)])
def test_against_a_plain_loop(form, still, step):
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(2, 5, 49, 2, generator=generator)
    valid = torch.rand(2, 5, 49, generator=generator) < 0.7
    points = points * valid[..., None]
    moved, moving = motion(points, valid, form)
    for clip in range(2):
        for t in range(5):
            for v in range(49):
                if t == still:
                    expected, known = torch.zeros(2), valid[clip, t, v]
                else:
                    known = valid[clip, t, v] & valid[clip, t + step, v]
                    expected = step * (points[clip, t + step, v] - points[clip, t, v])
                assert moving[clip, t, v] == known
                assert torch.equal(moved[clip, t, v], expected * known)


def test_one_frame_has_no_motion():
    for form in ("forward", "backward"):
        valid = torch.ones(1, 1, 49, dtype=torch.bool)
        moved, moving = motion(torch.ones(1, 1, 49, 2), valid, form)
        assert not moved.any()
        assert moving.all()
