"""Graph convolution over a skeleton, with one weight matrix per role of a neighbour."""

import torch
from torch import Tensor, nn

from signpipe.model.norm import BatchNorm

# Up to so many joints a graph convolution is fastest as one dense matrix, measured.
DENSE = 8

Edges = tuple[tuple[int, int], ...]


def adjacency(joints: int, edges: Edges, neighbours: Edges) -> Tensor:
    """(4, V, V): row v tells from which joints v gathers, one matrix per role.

    Roles (method page, "Encoder"): the joint itself, its parent (towards the root), its children
    (away from the root), and neighbours on no path to the root. `edges` are (child, parent). Every
    non-empty row sums to 1.
    """
    roles = torch.zeros(4, joints, joints, device="cpu")  # small, wherever the module is made
    roles[0] = torch.eye(joints, device="cpu")
    for child, parent in edges:
        roles[1, child, parent] = 1
        roles[2, parent, child] = 1
    for one, other in neighbours:
        roles[3, one, other] = roles[3, other, one] = 1
    return roles / roles.sum(-1, keepdim=True).clamp(min=1)


class GraphConvolution(nn.Module):
    """y_v = sum over roles r, joints w of A_r[v, w] W_r x_w, then batch norm and ReLU.

    (V, M, C_in) -> (V, M, C_out), for M frames of any clips. The entries of A are learned from
    their start in the skeleton; those that start at zero stay zero.
    """

    def __init__(self, channels_in: int, channels_out: int, roles: Tensor) -> None:
        super().__init__()
        self.register_buffer("roles", roles, persistent=False)
        self.strength = nn.Parameter(torch.ones_like(roles))
        bound = (len(roles) * channels_in) ** -0.5
        shape = (len(roles), channels_in, channels_out)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.norm = BatchNorm(channels_out)
        self.roles: Tensor

    def forward(self, x: Tensor) -> Tensor:
        joints, frames, _ = x.shape
        gather = self.roles * self.strength  # (R, V, V)
        mixed = self._dense(x, gather) if joints <= DENSE else self._by_role(x, gather)
        return self.norm(mixed).relu_().view(joints, frames, mixed.shape[1])

    def _dense(self, x: Tensor, gather: Tensor) -> Tensor:
        """One matrix for the whole graph: more products than by role, but all in one go."""
        joints, frames, channels = x.shape
        whole = torch.einsum("rvw,rco->wcvo", gather, self.weight)  # (V, C_in, V, C_out)
        rows = x.transpose(0, 1).reshape(frames, joints * channels)
        mixed = rows @ whole.reshape(joints * channels, -1)
        shape = (frames, joints, whole.shape[-1])
        return mixed.view(shape).transpose(0, 1).reshape(joints * frames, shape[-1])

    def _by_role(self, x: Tensor, gather: Tensor) -> Tensor:
        joints, frames, channels = x.shape
        gathered = gather.flatten(0, 1) @ x.reshape(joints, frames * channels)
        first, *others = gathered.view(len(gather), joints * frames, channels)
        weight = self.weight.to(gathered.dtype)  # which autocast may have narrowed
        mixed = first @ weight[0]
        for role, other in enumerate(others, start=1):
            mixed.addmm_(other, weight[role])
        return mixed
