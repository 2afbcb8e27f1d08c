import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from signpipe.errors import SignpipeError
from signpipe.workspace import (
    Workspace,
    atomic,
    differences,
    kept_while_unchanged,
    parse_json,
    read_json,
    read_record,
    remove_temporaries,
    sha256_of_file,
    sha256_of_values,
    write_record,
    write_text,
)


def test_names(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert workspace.pack("hello/1") == tmp_path / "keypoints" / "hello" / "1.h5"
    assert workspace.run("pretrain", "first-1.0") == tmp_path / "pretrain" / "first-1.0"
    for name in ("../x", "/etc/x", "a/../../../x"):
        with pytest.raises(SignpipeError, match="leads out"):
            workspace.pack(name)
    for name in ("", ".", "..", "a/b", "a b", "-x", "x" * 101):
        with pytest.raises(SignpipeError, match="cannot name a run"):
            workspace.run("pretrain", name)
    assert [*tmp_path.iterdir()] == []


def test_atomic_write(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    write_text(path, "first")
    with pytest.raises(RuntimeError), atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "first"
    assert [*path.parent.iterdir()] == [path]
    write_text(tmp_path / ("n" * 255), "the longest name there is")


def test_who_may_read_a_file_is_for_the_umask_to_say(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with atomic(tmp_path / "weights.safetensors") as temporary:
            save_file({"a": np.zeros(2, np.float32)}, temporary)
    finally:
        os.umask(before)
    assert (tmp_path / "weights.safetensors").stat().st_mode & 0o777 == 0o644


def test_kill_in_the_middle_of_a_write(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "first")
    program = (
        "import os, sys; sys.path[:] = {path!r}\n"
        "from pathlib import Path\n"
        "from signpipe.workspace import atomic\n"
        "with atomic(Path({file!r})) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), 9)\n"
    ).format(path=sys.path, file=str(tmp_path / "a.txt"))
    assert subprocess.run([sys.executable, "-c", program]).returncode == -9
    assert (tmp_path / "a.txt").read_text() == "first"
    assert len([*tmp_path.iterdir()]) == 2
    remove_temporaries(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_lock(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    with workspace.lock("extract"):
        with (
            pytest.raises(SignpipeError, match="another signpipe extract"),
            workspace.lock("extract"),
        ):
            pass
        with workspace.lock("pretrain"):
            pass
    with workspace.lock("extract"):
        pass
    with (
        pytest.raises(SignpipeError, match="cannot write to the workspace"),
        Workspace(Path("/proc/none")).lock("extract"),
    ):
        pass


def test_records(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    write_record(tmp_path, {"epochs": 20}, {"parts": "x"}, more=1)
    record = read_record(tmp_path)
    assert record is not None
    assert (record["settings"], record["inputs"], record["more"]) == (
        {"epochs": 20},
        {"parts": "x"},
        1,
    )
    for text in ("{", "[]"):
        (tmp_path / "settings.json").write_text(text)
        with pytest.raises(SignpipeError, match="settings.json"):
            read_json(tmp_path / "settings.json")
    for text in ("{}", '{"settings": {}}', '{"settings": 1, "inputs": {}}'):
        (tmp_path / "settings.json").write_text(text)
        with pytest.raises(SignpipeError, match=r"settings\.json has no (settings|inputs)"):
            read_record(tmp_path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": ' * 100_000, "nested"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "nested more than 50 deep"),
        ('{"a": ' + "9" * 5000 + "}", "a number of 5000 digits"),
        ('{"a": -' + "9" * 25 + "}", "a number of 26 digits"),
        ('{"a": "\\ud800"}', "surrogates"),
        ('{"a": 1', "delimiter"),
        ("", "Expecting value"),
    ],
)
def test_json_that_nobody_writes(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(SignpipeError, match=rf"cannot read {path}: .*{why}"):
        read_json(path)


def test_json_of_any_size_is_not_taken_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(SignpipeError, match="larger than 64 MB"):
        read_json(path)


@given(st.binary(max_size=40))
def test_bytes_are_json_or_a_value_error(data: bytes) -> None:
    with suppress(ValueError):
        json.dumps(parse_json(data))


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**60), 2**60)
        | st.floats(allow_nan=False)
        | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_json_that_is_written_is_read(value: object) -> None:
    assert parse_json(json.dumps(value)) == value


def test_differences() -> None:
    then = {"epochs": 20, "encoder": {"heads": 8, "layers": 1}, "old": None}
    now = {"epochs": 40, "encoder": {"heads": 8, "layers": 2}}
    assert differences(then, now) == ["encoder.layers was 1, is 2", "epochs was 20, is 40"]
    assert differences(then, then) == []
    assert differences({"x": "a" * 64}, {"x": "b" * 64}) == [f"x was {'a' * 12}, is {'b' * 12}"]


def test_fingerprints(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "a").startswith("ba7816bf")
    assert sha256_of_values({"a": 1, "b": 2}) == sha256_of_values({"b": 2, "a": 1})
    assert sha256_of_values(1) != sha256_of_values("1")


def test_runs_newest_first(tmp_path: Path) -> None:
    import os

    workspace = Workspace(tmp_path)
    for age, name in enumerate(("new", "old")):
        write_record(workspace.run("pretrain", name), {}, {})
        os.utime(workspace.run("pretrain", name) / "settings.json", (1000 - age, 1000 - age))
    (tmp_path / "pretrain" / "unfinished").mkdir()
    assert workspace.runs("pretrain") == ["new", "old"]
    assert workspace.runs("finetune") == []


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path):
    path = tmp_path / "table"
    calls = []

    @kept_while_unchanged
    def read(path):
        calls.append(path)
        return {"text": path.read_text()}

    path.write_text("one")
    os.utime(path, ns=(0, 10**9))
    assert read(path) == read(path) == {"text": "one"}
    read(path)["text"] = "spoiled"
    assert read(path) == {"text": "one"}
    assert len(calls) == 1
    path.write_text("two")  # of this moment: it may change again without a sign
    assert [read(path), read(path)] == [{"text": "two"}] * 2
    assert len(calls) == 3
