import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from signpipe.errors import SignpipeError
from signpipe.training.checkpoints import State, load_checkpoint, save_checkpoint

QUICK = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
OPTIMIZERS = {
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.1, weight_decay=0.1, foreach=True),
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9, foreach=True),
}


def made(kind, steps=0):
    torch.manual_seed(steps)
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    optimizer = OPTIMIZERS[kind]([{"params": list(module.parameters()), "share": 1.0}])
    for _ in range(steps):
        optimizer.zero_grad()
        module(torch.randn(5, 3)).square().mean().backward()
        optimizer.step()
    return module, optimizer


@pytest.fixture(params=["adamw", "sgd"])
def kind(request):
    return request.param


@pytest.fixture
def path(tmp_path, kind):
    module, optimizer = made(kind, steps=2)
    best = {name: value.clone() for name, value in module.state_dict().items()}
    rows = [{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.5, "score": 0.5}]
    save_checkpoint(tmp_path / "checkpoint.pt", module, optimizer, State(2, rows, 2, 0.5, best))
    return tmp_path / "checkpoint.pt"


def test_what_is_saved_is_loaded(path, kind):
    module, optimizer = made(kind)
    state = load_checkpoint(path, module, optimizer)
    assert (state.epoch, state.best_epoch, state.best_score) == (2, 2, 0.5)
    assert state.rows[1] == {"epoch": 2, "loss": 1.5, "score": 0.5}
    then, before = made(kind, steps=2)
    for name, value in then.state_dict().items():
        assert torch.equal(module.state_dict()[name], value)
    for one, other in zip(before.state.values(), optimizer.state.values(), strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_before_the_first_step_there_is_nothing_to_remember(tmp_path, kind):
    module, optimizer = made(kind)
    save_checkpoint(tmp_path / "checkpoint.pt", module, optimizer, State())
    assert load_checkpoint(tmp_path / "checkpoint.pt", *made(kind)) == State()


def refused(path, kind):
    with pytest.raises(SignpipeError, match=r"cannot resume from .*checkpoint\.pt: .+--redo"):
        load_checkpoint(path, *made(kind))


def test_of_an_unfinished_redo_the_mend_is_another_than_redo(tmp_path, kind):
    folder = tmp_path / ".default.redo"
    folder.mkdir()
    (folder / "checkpoint.pt").write_bytes(b"")
    with pytest.raises(SignpipeError, match=r"delete .*\.default\.redo, and the same command"):
        load_checkpoint(folder / "checkpoint.pt", *made(kind))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text"])
def test_other_bytes(path, kind, content):
    path.write_bytes(content)
    refused(path, kind)


STATES = {
    "epoch": [-1, 1, 3, 2.0, True, "2", None],
    "rows": [None, [], [1, 2], [{}, {}], ["", ""], [{"epoch": 1, "loss": 1.0}]],
    "best_epoch": [-1, 3, None, "1"],
    "best_score": [None, "0.5", []],
    "best": [None, [1], {"x": torch.zeros(1)}, {"0.weight": torch.zeros(4, 3)}],
    "more": [1],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in STATES.items() for value in values]
)
def test_a_field_of_another_kind(path, kind, name, value):
    saved = torch.load(path, weights_only=True)
    saved["state"][name] = value
    torch.save(saved, path)
    if name == "best" and not value and value is not None:
        return
    if name == "best" and value is None:
        assert not load_checkpoint(path, *made(kind)).best
        return
    refused(path, kind)


def test_weights_and_momenta_that_are_no_numbers(path, kind):
    original = path.read_bytes()
    for change in (
        lambda saved: saved["module"]["0.weight"].fill_(math.nan),
        lambda saved: saved["state"]["best"]["0.weight"].fill_(math.inf),
        lambda saved: saved["optimizer"]["state"][0].update(
            {name: torch.full((9,), 1.0) for name in saved["optimizer"]["state"][0]}
        ),
        lambda saved: saved["optimizer"]["state"][0].clear(),
        lambda saved: saved["optimizer"]["param_groups"][0].update(weight_decay="much"),
        lambda saved: saved["optimizer"]["param_groups"][0].update(share=3.0),
        lambda saved: saved["module"].pop("0.weight"),
        lambda saved: saved.pop("optimizer"),
    ):
        path.write_bytes(original)
        saved = torch.load(path, weights_only=True)
        change(saved)
        torch.save(saved, path)
        refused(path, kind)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.integers(0, 3), max_size=2),
    st.lists(st.integers(0, 4), max_size=2).map(torch.zeros),
)


@QUICK
@given(data=st.data())
def test_any_value_in_any_place_is_refused_or_goes_on(path, kind, data):
    """Where it is taken, a step can be made."""
    saved = torch.load(path, weights_only=True)
    places = [
        saved,
        saved["module"],
        saved["state"],
        saved["state"]["rows"][0],
        saved["optimizer"],
        saved["optimizer"]["state"],
        saved["optimizer"]["state"][1],
        saved["optimizer"]["param_groups"][0],
    ]
    place = data.draw(st.sampled_from(places))
    place[data.draw(st.sampled_from(sorted(place, key=str)))] = data.draw(VALUES)
    other = path.with_name("changed.pt")
    torch.save(saved, other)
    module, optimizer = made(kind)
    try:
        state = load_checkpoint(other, module, optimizer)
    except SignpipeError as error:
        assert "changed.pt" in str(error)
        return
    assert state.epoch == len(state.rows) == 2
    for group in optimizer.param_groups:
        group["lr"] = 0.1
    module(torch.randn(5, 3)).square().mean().backward()
    optimizer.step()


@QUICK
@given(data=st.data())
def test_damaged_bytes_are_refused_or_go_on(path, kind, data):
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[at:]
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    other = path.with_name("changed.pt")
    other.write_bytes(content)
    try:
        assert load_checkpoint(other, *made(kind)).epoch == 2
    except SignpipeError as error:
        assert "changed.pt" in str(error)
