import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import shares
import torch

from signpipe.errors import SignpipeError
from signpipe.model import distributed, momentum
from signpipe.parts.store import open_parts, write_parts
from signpipe.settings import FinetuneSettings, PretrainSettings, resolve
from signpipe.training import finetune
from signpipe.training.classify import FinetuneData, Finetuning, Labelled
from signpipe.training.devices import check_devices, train_on
from signpipe.training.loop import fit
from signpipe.training.pretrain import Pretraining
from signpipe.training.pseudo_labels import PseudoLabels

CLIPS = 20


@pytest.fixture
def parts(tmp_path):
    rng = np.random.default_rng(0)
    clips = rng.normal(size=(CLIPS, 12, 49, 3)).astype(np.float32)
    clips[..., 2] = 1
    clips[:, ::3, :21] = 0
    clips[1::2, :, 21:42] = 0
    clips[4:, :, :42] = 0  # so that the batch of a rank may be without hands
    path = tmp_path / "parts.h5"
    write_parts(
        path,
        zip(map(str, range(CLIPS)), clips, strict=True),
        CLIPS * 12,
        {"settings": {}, "inputs": {}},
    )
    return path


@pytest.fixture
def settings(small):
    # Nine clips: the ranks' shares differ. The heads' losses leave the fused head unused at first.
    few = {
        "batch_size": 9,
        "epochs": 2,
        "queue": 16,
        "precision": "fp32",
        "contrast": ("hand", "trunk"),
    }
    # AdamW makes whole steps of what the order of sums leaves of a gradient that should be zero.
    few |= {"optimizer": "sgd", "learning_rate": 0.01}
    return resolve(PretrainSettings, changes={**small, **few, "encoder.dropout": 0.0})


def test_two_processes_train_as_one_does(parts, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(momentum, "TRUSTED", 4)  # so that the queue of 16 has four neighbours
    rows = np.arange(CLIPS)
    one, two = tmp_path / "one", tmp_path / "two"
    alone = Pretraining(settings, open_parts(parts), rows, rows % 3)
    expected = fit(alone, settings, one)
    train_on(2, shares.pretrain_with_neighbours, settings, parts, rows, rows % 3, None, two, None)
    together = Pretraining(settings, open_parts(parts), rows, rows % 3)
    found = fit(together, settings, two)
    for row, other in zip(expected.rows, found.rows, strict=True):
        for name in ("loss", "contrast", "consistency", "transfer", "top1_joint"):
            assert row[name] == pytest.approx(other[name], rel=1e-4), name
    weights = together.module.state_dict()
    for name, value in alone.module.state_dict().items():
        torch.testing.assert_close(weights[name], value, rtol=1e-3, atol=1e-4, msg=name)
    assert weights["owners"].tolist() == alone.module.state_dict()["owners"].tolist()
    assert sorted(p.name for p in two.iterdir()) == ["checkpoint.pt", "metrics.csv"]


def test_two_processes_finetune_as_one_does(parts, small, tmp_path):
    few = {"batch_size": 9, "epochs": 2, "min_steps_per_epoch": 2, "learning_rate": 0.003}
    settings = resolve(FinetuneSettings, changes={**small, **few, "encoder.dropout": 0.0})
    labels = np.arange(CLIPS) % 3
    train, val = Labelled(np.arange(9), labels[:9]), Labelled(np.arange(14, CLIPS), labels[14:])
    pseudo = PseudoLabels(np.arange(9, 14), labels[9:14], np.ones(5))
    one, two = tmp_path / "one", tmp_path / "two"
    data = FinetuneData(train, val, 3, pseudo=pseudo)
    alone, together = (Finetuning(settings, open_parts(parts), data) for _ in range(2))
    expected = fit(alone, settings, one)
    train_on(2, finetune._train, settings, parts, data, two, None)
    found = fit(together, settings, two)
    for row, other in zip(expected.rows, found.rows, strict=True):
        for name in ("loss", "train_top1", "val_top1"):
            assert row[name] == pytest.approx(other[name], rel=1e-4), name
    weights = together.module.state_dict()
    for name, value in alone.module.state_dict().items():
        torch.testing.assert_close(weights[name], value, rtol=1e-3, atol=1e-4, msg=name)
    assert found.best_epoch == expected.best_epoch > 0


def test_more_devices_than_clips_in_a_batch_are_refused(monkeypatch):
    with pytest.raises(SignpipeError, match="3 devices cannot share batches of 2 clips"):
        check_devices(3, 2)
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(SignpipeError, match="4 devices"):
        check_devices(1, 2)
    check_devices(1, 4)


def test_more_devices_than_there_are_are_refused():
    with pytest.raises(SignpipeError, match="^--devices 5000: this machine has [0-9]+ "):
        check_devices(5000, 5000)


def test_shares_make_up_the_batch(monkeypatch):
    for size in (7, 8, 64):
        found, weights = [], []
        for number in range(3):
            monkeypatch.setattr(distributed, "world_size", lambda: 3)
            monkeypatch.setattr(distributed, "rank", lambda number=number: number)
            found += list(range(size))[distributed.own_share(size)]
            weights.append(distributed.weight(size))
        assert found == list(range(size))
        assert math.isclose(sum(weights), 3)


def test_a_process_that_dies_ends_all_with_one_sentence():
    with pytest.raises(SignpipeError, match="has ended; the same command goes on"):
        train_on(2, shares.die_as_the_second)


def test_what_stops_one_process_is_said_once():
    with pytest.raises(SignpipeError, match="^the loss is not finite$"):
        train_on(2, shares.refuse)


def test_an_interrupt_ends_all_processes(tmp_path):
    code = "import shares\nfrom signpipe.training.devices import train_on\n"
    code += f"if __name__ == '__main__': train_on(2, shares.wait, {str(tmp_path)!r})"
    main = tmp_path / "main.py"
    main.write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    process = subprocess.Popen([sys.executable, main], env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(pids := [p for p in tmp_path.iterdir() if p.name.isdigit()]) < 2:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    for path in pids:
        assert not Path("/proc", path.name).exists()
