import pytest
import torch

from signpipe import skeleton
from signpipe.model.graph_convolution import GraphConvolution, adjacency

GRAPHS = {
    "hand": (21, skeleton.HAND_EDGES, skeleton.HAND_NEIGHBOURS),
    "trunk": (7, skeleton.TRUNK_EDGES, skeleton.TRUNK_NEIGHBOURS),
    "hand sub-parts": (6, skeleton.HAND_SUBPART_EDGES, skeleton.HAND_SUBPART_NEIGHBOURS),
}


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize(("channels_in", "channels_out"), [(2, 5), (6, 3)])
def test_against_a_plain_loop(name, channels_in, channels_out):
    torch.manual_seed(0)
    joints, *edges = GRAPHS[name]
    roles = adjacency(joints, *edges)
    layer = GraphConvolution(channels_in, channels_out, roles).double()
    layer.strength.data.uniform_(0.5, 1.5)
    layer.norm.running_mean.uniform_(-1, 1)
    layer.norm.running_var.uniform_(0.5, 2)
    layer.eval()
    x = torch.randn(joints, 3, channels_in, dtype=torch.float64)
    found = layer(x)
    norm = layer.norm
    for frame in range(3):
        for v in range(joints):
            y = torch.zeros(channels_out, dtype=torch.float64)
            for role in range(4):
                for w in range(joints):
                    weight = roles[role, v, w] * layer.strength[role, v, w]
                    for c in range(channels_in):
                        y += weight * x[w, frame, c] * layer.weight[role, c]
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            expected = ((y - norm.running_mean) * scale + norm.bias).clamp(min=0)
            torch.testing.assert_close(found[v, frame], expected)


def test_roles_share_out_the_skeleton():
    roles = adjacency(21, skeleton.HAND_EDGES, skeleton.HAND_NEIGHBOURS)
    assert torch.equal(roles[0], torch.eye(21))
    assert roles[1, 8].nonzero().tolist() == [[7]]  # the index tip's parent
    assert roles[2, 0].nonzero().flatten().tolist() == [1, 5, 9, 13, 17]  # the wrist's children
    assert roles[3, 9].nonzero().flatten().tolist() == [5, 13]
    sums = roles.sum(-1)
    assert ((sums == 0) | ((sums - 1).abs() < 1e-6)).all()
    assert ((roles > 0).sum(0) <= 1).all()


@pytest.mark.parametrize("name", GRAPHS)
def test_no_frames_are_no_trouble(name):
    joints, *edges = GRAPHS[name]
    layer = GraphConvolution(6, 3, adjacency(joints, *edges)).eval()
    assert layer(torch.zeros(joints, 0, 6)).shape == (joints, 0, 3)
