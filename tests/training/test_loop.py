import csv
import errno
import math

import pytest
import torch
from torch import nn

from signpipe.errors import SignpipeError
from signpipe.settings import PretrainSettings
from signpipe.training import precision
from signpipe.training.loop import draw, fit, learning_rate
from signpipe.workspace import read_record, write_record


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
        return [{"params": list(self.module.parameters()), "lr_scale": 1.0}]

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

    def saturated(self, epochs):
        return any(epoch.get("score") == 1 for epoch in epochs)


SETTINGS = PretrainSettings(epochs=4, batch_size=16, precision="fp32")


def weights(path):
    return torch.load(path, weights_only=True)["module"]


SAME = ("epoch", "step", "loss", "learning_rate")  # whatever the machine's speed


def rows_of(folder):
    return list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))


@pytest.mark.parametrize("stop_after", [0, 3, 4, 9, 15])
def test_resumed_equals_uninterrupted(tmp_path, stop_after):
    fit(Line(), SETTINGS, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(Line(stop_after), SETTINGS, tmp_path / "stopped")
    again = Line()
    fit(again, SETTINGS, tmp_path / "stopped")
    assert again.done == 16 - 4 * (stop_after // 4)
    whole = weights(tmp_path / "whole" / "checkpoint.pt")
    resumed = weights(tmp_path / "stopped" / "checkpoint.pt")
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name
    written = [rows_of(tmp_path / name) for name in ("whole", "stopped")]
    places = [(row["epoch"], row["step"]) for row in written[0]]
    assert places == [(str(e), s) for e in range(1, 5) for s in ("1", "2", "3", "4", "")]
    assert {"loss", "learning_rate", "clips_per_second"} <= set(written[0][0])
    for one, other in zip(*written, strict=True):
        assert [one[c] for c in SAME] == [other[c] for c in SAME]


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


def test_it_stops_when_nothing_is_left_to_learn_and_resumed_stops_as_well(tmp_path, capsys):
    task = Line(scores=[0.1, 1, 0.2, 0.3])
    state = fit(task, SETTINGS, tmp_path)
    assert (state.epoch, state.best_epoch, task.done) == (2, 2, 8)
    assert "nothing is left to learn after epoch 2" in capsys.readouterr().err
    again = Line(stop_after=0)
    assert fit(again, SETTINGS, tmp_path).best_epoch == 2


def test_a_damaged_checkpoint_says_what_to_do(tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"damaged")
    with pytest.raises(SignpipeError, match="--redo"):
        fit(Line(), SETTINGS, tmp_path)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), "the GPU has"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "there is too"),
        (MemoryError(), "there is too"),
    ],
)
def test_too_little_memory_is_one_sentence_with_the_mend(tmp_path, error, said):
    class Large(Line):
        def loss(self, epoch, step):
            raise error

    with pytest.raises(SignpipeError, match=said + r".* of 16 clips; .*--set batch_size=8,"):
        fit(Large(), SETTINGS, tmp_path)


def test_a_full_disk_is_one_sentence_and_the_last_checkpoint_stays(tmp_path, monkeypatch):
    fit(Line(), SETTINGS.model_copy(update={"epochs": 1}), tmp_path)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    monkeypatch.setattr(torch, "save", lambda value, file: full(file))
    with pytest.raises(SignpipeError, match=r"no space is left on the disk for .*checkpoint\.pt"):
        fit(Line(), SETTINGS, tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def full(file):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_learning_rates():
    steps = PretrainSettings(schedule="steps", lr_milestones=(0.5, 0.75), learning_rate=1.0)
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


def test_without_a_limit_gradients_are_as_they_are(tmp_path):
    def trained(limit):
        settings = SETTINGS.model_copy(update={"epochs": 1, "max_grad_norm": limit})
        task = Line()
        fit(task, settings, tmp_path / str(limit))
        return task.module[0].weight

    assert torch.equal(trained(0.0), trained(1e9))
    assert not torch.equal(trained(0.0), trained(1e-3))


def test_a_loss_far_above_its_past_names_the_last_good_checkpoint(tmp_path):
    class Rising(Line):
        def loss(self, epoch, step):
            loss, _, count = super().loss(epoch, step)
            value = 1e3 if epoch == 2 else 1.0 + epoch
            return loss, {"loss": value}, count

    with pytest.raises(SignpipeError, match=r"10-fold in epoch 3; .*\(after epoch 2\)"):
        fit(Rising(), SETTINGS, tmp_path)


def test_a_trial_of_precisions_is_kept_in_the_record(tmp_path, monkeypatch):
    cpu, size = torch.device("cpu"), SETTINGS.encoder
    write_record(tmp_path, {}, {})
    found = precision.pick_precision("auto", size, cpu, tmp_path)
    assert found in ("fp32", "bf16")
    assert read_record(tmp_path)["precision"] == found
    other = "bf16" if found == "fp32" else "fp32"
    monkeypatch.setattr(precision, "choose", lambda *_: other)
    assert precision.pick_precision("auto", size, cpu, tmp_path) == found
    assert precision.pick_precision(other, size, cpu, tmp_path) == other
    assert precision.pick_precision("auto", size, cpu, tmp_path / "new") == other


def test_a_trial_leaves_chance_as_it_was():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    precision.choose(SETTINGS.encoder, torch.device("cpu"))
    assert torch.equal(torch.rand(4), expected)


def test_it_trains_in_bfloat16(tmp_path):
    settings = SETTINGS.model_copy(update={"precision": "bf16"})
    rows = fit(Line(), settings, tmp_path).rows
    assert rows[-1]["loss"] < rows[0]["loss"]
