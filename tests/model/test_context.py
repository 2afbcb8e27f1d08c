import pytest
import torch
from torch import nn

from signpipe.model.context import Dropout, Layer


@pytest.mark.parametrize("training", [False, True])
def test_a_layer_computes_what_torchs_own_does(training):
    torch.manual_seed(0)
    layer = Layer(12, 3, 20, dropout=0.0).train(training)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    reference = nn.TransformerEncoderLayer(12, 3, 20, 0.0, batch_first=True).train(training)
    reference.load_state_dict(layer.state_dict())
    x = torch.randn(4, 7, 12)
    torch.testing.assert_close(layer(x), reference(x))


def test_dropout_keeps_the_mean_and_passes_gradients_where_values_pass():
    torch.manual_seed(0)
    x = torch.full((333, 301), 2.0, requires_grad=True)
    dropped = Dropout(0.3)(x)
    assert dropped.unique().tolist() == pytest.approx([0.0, 2 / 0.7])
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    dropped.sum().backward()
    torch.testing.assert_close(x.grad, dropped.detach() / 2)
    # Neighbours in a row, in a column, and values drawn from one word are lost independently.
    lost = (dropped == 0).flatten().float()
    for apart in (1, 2, 3, 4, 301):
        both = (lost[:-apart] * lost[apart:]).mean().item()
        assert both == pytest.approx(0.09, abs=0.01)


def test_dropout_comes_from_the_seed_and_only_in_training():
    drop, x = Dropout(0.5), torch.ones(7, 5)
    torch.manual_seed(1)
    first = drop(x)
    torch.manual_seed(1)
    assert torch.equal(drop(x), first)
    assert torch.equal(drop.eval()(x), x)
    assert torch.equal(Dropout(0.0)(x), x)
