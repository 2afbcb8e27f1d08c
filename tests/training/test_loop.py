import math

import pytest
import torch
from torch import nn

from signpipe.errors import SignpipeError
from signpipe.settings import PretrainSettings
from signpipe.training.loop import draw, fit, learning_rate, load_checkpoint


class Line:
    """Learns y = 3 x; draws its data and drops out at random, as the real tasks do."""

    description = "line"
    steps = 4

    def __init__(self, stop_after=None, poison=None, scores=None):
        torch.manual_seed(0)
        self.module = nn.Sequential(
            nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 1)
        )
        self.stop_after, self.poison, self.scores = stop_after, poison, scores
        self.done = 0

    def parameter_groups(self):
        return [{"params": list(self.module.parameters()), "share": 1.0}]

    def loss(self, epoch, step):
        if self.done == self.stop_after:
            raise KeyboardInterrupt
        self.done += 1
        _, generator = draw(0, "data", epoch, step)
        x = torch.randn(16, 8, generator=generator)
        loss = (self.module(x) - 3 * x[:, :1]).square().mean()
        if (epoch, step) == self.poison:
            loss = loss * math.nan
        return loss, {"loss": float(loss.detach())}, 16

    def validate(self):
        return {"score": self.scores.pop(0)} if self.scores else {}


SETTINGS = PretrainSettings(epochs=4, batch=16)


def weights(path, task):
    optimizer = torch.optim.SGD(task.parameter_groups(), lr=1.0)
    load_checkpoint(path, task.module, optimizer)
    return task.module.state_dict()


@pytest.mark.parametrize("stop_after", [0, 3, 4, 9, 15])
def test_resumed_equals_uninterrupted(tmp_path, stop_after):
    fit(Line(), SETTINGS, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(Line(stop_after), SETTINGS, tmp_path / "stopped")
    again = Line()
    fit(again, SETTINGS, tmp_path / "stopped")
    assert again.done == 16 - 4 * (stop_after // 4)
    whole = weights(tmp_path / "whole" / "checkpoint.pt", Line())
    resumed = weights(tmp_path / "stopped" / "checkpoint.pt", Line())
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name
    rows = (tmp_path / "whole" / "metrics.csv").read_text().splitlines()
    assert len(rows) == 5
    columns = rows[0].split(",")
    assert {"epoch", "loss", "learning_rate", "clips_per_second"} <= set(columns)


def test_a_finished_run_does_nothing(tmp_path):
    fit(Line(), SETTINGS, tmp_path)
    task = Line(stop_after=0)
    assert fit(task, SETTINGS, tmp_path).epoch == 4


def test_a_loss_that_is_not_finite_names_the_last_good_checkpoint(tmp_path):
    with pytest.raises(SignpipeError, match=r"epoch 1, step 2; no epoch was finished"):
        fit(Line(poison=(0, 1)), SETTINGS, tmp_path)
    with pytest.raises(SignpipeError, match=r"epoch 3, step 1; .*checkpoint\.pt \(after epoch 2\)"):
        fit(Line(poison=(2, 0)), SETTINGS, tmp_path)
    assert fit(Line(), SETTINGS, tmp_path).epoch == 4


def test_the_best_epoch_is_kept_and_the_first_of_equals(tmp_path):
    task = Line(scores=[0.1, 0.7, 0.7, 0.2])
    state = fit(task, SETTINGS, tmp_path)
    assert (state.best_epoch, state.best_score) == (2, 0.7)
    assert state.best.keys() == task.module.state_dict().keys()
    last = task.module.state_dict()
    assert not all(torch.equal(state.best[name], last[name]) for name in last)


def test_a_damaged_checkpoint_says_what_to_do(tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"damaged")
    with pytest.raises(SignpipeError, match="--redo"):
        fit(Line(), SETTINGS, tmp_path)


def test_learning_rates():
    steps = PretrainSettings(schedule="steps", drops=(0.5, 0.75), learning_rate=1.0)
    rates = [learning_rate(steps, share) for share in (0.0, 0.49, 0.5, 0.76)]
    assert rates == pytest.approx([1, 1, 0.1, 0.01])
    cosine = [learning_rate(PretrainSettings(learning_rate=1.0), i / 100) for i in range(100)]
    assert max(cosine) == pytest.approx(1, abs=0.02)
    assert cosine[:5] == sorted(cosine[:5])
    assert cosine[6:] == sorted(cosine[6:], reverse=True)
    assert cosine[-1] < 0.01


def test_draws_depend_on_their_place_alone():
    def numbers(*place):
        rng, generator = draw(*place)
        return rng.random(), float(torch.rand(1, generator=generator))

    assert numbers(0, "views", 1, 2) == numbers(0, "views", 1, 2)
    places = [
        (s, p, e, t) for s in (0, 1) for p in ("views", "order") for e in (0, 1) for t in (0, 1)
    ]
    drawn = [number for place in places for number in numbers(*place)]
    assert len(set(drawn)) == len(drawn)
