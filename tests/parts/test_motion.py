import torch

from signpipe.parts.motion import motion


def test_against_a_plain_loop():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(2, 5, 49, 2, generator=generator)
    valid = torch.rand(2, 5, 49, generator=generator) < 0.7
    points = points * valid[..., None]
    moved, moving = motion(points, valid)
    for clip in range(2):
        for t in range(5):
            for v in range(49):
                if t == 4:
                    expected, known = torch.zeros(2), valid[clip, t, v]
                else:
                    known = valid[clip, t, v] & valid[clip, t + 1, v]
                    expected = points[clip, t + 1, v] - points[clip, t, v]
                assert moving[clip, t, v] == known
                assert torch.equal(moved[clip, t, v], expected * known)


def test_one_frame_has_no_motion():
    moved, moving = motion(torch.ones(1, 1, 49, 2), torch.ones(1, 1, 49, dtype=torch.bool))
    assert not moved.any()
    assert moving.all()
