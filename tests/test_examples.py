"""The examples run as they stand, here on a few clips."""

import os
import runpy
import shutil
import ssl
import subprocess
import sys
from itertools import product
from pathlib import Path
from urllib.request import urlopen

import pytest
from safetensors import safe_open

from signpipe.landmarks.pack import write_pack
from signpipe.model.backbone import read_backbone_card

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def videos(tmp_path, demo_clips):
    for gesture in ("wave", "draw_circle"):
        (tmp_path / "videos" / gesture).mkdir(parents=True)
        for clip in sorted((demo_clips / gesture).glob("*_0.mp4"))[:3]:
            shutil.copy(clip, tmp_path / "videos" / gesture)
    return tmp_path / "videos"


@pytest.mark.parametrize("name", ["own_videos.sh", "own_videos.py"])
def test_an_example_goes_from_videos_to_an_answer(name, videos, tmp_path):
    scripts = str(Path(sys.executable).parent)  # where the console script is
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    program = ["bash"] if name.endswith(".sh") else [sys.executable]
    done = subprocess.run(
        [*program, str(EXAMPLES / name), "videos", "made"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "wave" in done.stdout.splitlines()[-2] + done.stdout.splitlines()[-1]
    assert (tmp_path / "made" / "finetune" / "default" / "recognizer" / "recognizer.json").exists()
    assert (tmp_path / "own-videos-overlay.mp4").exists() == name.endswith(".sh")


def test_the_ablation_fills_the_tables_and_goes_on_where_it_was(
    signs_workspace, small, monkeypatch, capsys
):
    options = ["--epochs", "1", "--finetune-epochs", "1", "--neighbours", "4"]
    for name, value in {**small, "queue": 24}.items():
        shown = list(value) if isinstance(value, tuple) else value
        options += ["--set", f"{name}={shown}"]
    for name in ("batch_size", "min_steps_per_epoch", "precision"):
        options += ["--finetune-set", f"{name}={small[name]}"]
    monkeypatch.setattr(sys, "argv", ["ablation.py", "-w", str(signs_workspace.root), *options])

    def run() -> list[str]:
        runpy.run_path(str(EXAMPLES / "ablation.py"), run_name="__main__")
        return capsys.readouterr().out.splitlines()

    lines = run()
    assert [line.split()[0] for line in lines[1:-1]] == [
        f"ablation-{name}-e1-s0"
        for name in ("scratch", "none-k0", "queue-k0", "none-k1024", "queue-k1024", "queue-k4")
    ]
    assert lines[-1].endswith(f"signpipe report -w {signs_workspace.root}")
    made = sorted(signs_workspace.root.glob("*/ablation-*/*.csv"))
    before = [path.stat().st_mtime_ns for path in made]
    assert len(made) > 20
    assert run() == lines
    assert [path.stat().st_mtime_ns for path in made] == before


def test_the_shipped_encoder_is_made_again_from_packs(walk, small, tmp_path):
    whose = {"open0": "thm1d/slr", "open1": "surtecha/SignLangNET", "train2": "", "personal3": ""}
    clips, rows = {}, {"packs": [HEADER], "people": [HEADER]}
    for number, (signer, repository) in enumerate(whose.items()):
        for sign, repetition in product(range(3), range(7)):
            name, split = f"{signer}/{sign}/{repetition}", signer[:-1]
            clips[name] = walk(sign, number, repetition)
            folder = "packs" if split == "open" else "people"
            rows[folder].append(f"{name},{folder}.h5,{sign},{signer},{split},{repository},abc,MIT")
    for folder, lines in rows.items():
        own = [line.partition(",")[0] for line in lines[1:]]
        write_pack(tmp_path / folder / f"{folder}.h5", {name: clips[name] for name in own})
        (tmp_path / folder / "clips.csv").write_text("\n".join(lines) + "\n")
    example, out = runpy.run_path(str(EXAMPLES / "shipped_encoder.py")), tmp_path / "made"
    example["SETTINGS"].clear()
    example["SETTINGS"].update({**small, "epochs": 1, "queue": 24})
    example["main"](tmp_path / "packs", out, tmp_path / "people")

    trained = read_backbone_card(out / "encoder.safetensors").trained
    assert trained["clips"] == 42
    assert [(source["repository"], source["clips"]) for source in trained["sources"]] == [
        ("surtecha/SignLangNET", 21),
        ("thm1d/slr", 21),
    ]
    assert [figure["of"]["shots"] for figure in trained["figures"]] == [1, 3, 5]
    notice = (out / "NOTICE").read_text()
    assert "thm1d/slr\n    Copyright the authors of slr; MIT; 21 clips" in notice
    with safe_open(out / "encoder.safetensors", "np") as file:
        weights = [file.get_tensor(name) for name in file.keys()]  # noqa: SIM118
    assert {array.dtype.name for array in weights} == {"float16", "int64"}


HEADER = "clip_id,file,label,signer,split,repository,commit,licence"


def test_a_folder_is_served_over_https(tmp_path):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("here")
    names = [str(tmp_path / name) for name in ("cert.pem", "key.pem")]
    words = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -addext subjectAltName=IP:127.0.0.1"
    )
    made = ["openssl", *words.split(), "-out", names[0], "-keyout", names[1]]
    subprocess.run(made, check=True, capture_output=True)
    script = EXAMPLES / "in_a_browser" / "serve_https.py"
    process = subprocess.Popen(
        [sys.executable, script, tmp_path / "page", *names, "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        port = process.stdout.readline().split("port ")[1].split(";")[0]
        trust = ssl.create_default_context(cafile=names[0])
        with urlopen(f"https://127.0.0.1:{port}/", context=trust) as answer:
            assert answer.read() == b"here"
    finally:
        process.terminate()
        process.wait(10)
