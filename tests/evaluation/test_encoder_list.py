import json

import pytest
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.errors import SignpipeError
from signpipe.evaluation import encoder_list, evaluate
from signpipe.model.backbone import read_backbone_card
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.settings import EvaluateSettings, PretrainSettings, resolve
from signpipe.training import pretrain
from signpipe.workspace import Workspace

QUICK = EvaluateSettings(bootstrap=100, draws=5, shots=(1, 2))


@pytest.fixture
def pretrained(signs_workspace, small):
    chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
    pretrain.run(signs_workspace, chosen)
    return signs_workspace


def test_the_shipped_one_is_there_in_an_empty_workspace(tmp_path):
    (only,) = encoder_list.run(Workspace(tmp_path / "none"))
    assert (only.name, only.file, only.streams) == ("shipped", str(SHIPPED_FILE), "both")
    trained = read_backbone_card(SHIPPED_FILE).trained
    assert (only.clips, only.signers) == (trained["clips"], trained["signers"])
    assert only.size == SHIPPED_FILE.stat().st_size and 1e6 < only.weights < 3e6
    assert len(only.sources) == len(trained["sources"])
    assert [figure.of["shots"] for figure in only.figures] == [1, 3, 5]


def test_runs_and_files_with_what_was_measured_of_each(pretrained, tmp_path):
    few = evaluate.run(pretrained, QUICK, protocol="few-shot", split="train").metrics
    knn = evaluate.run(pretrained, QUICK, protocol="knn", split="test", encoder="shipped").metrics
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    shipped, own, file = encoder_list.run(pretrained, [broken])
    assert (own.name, own.clips, own.signers) == ("default", 36, 3)
    assert own.began_from == "" and own.sources == ()
    assert [(f.protocol, f.on, f.of["shots"]) for f in own.figures] == [
        ("few-shot", "train", 1),
        ("few-shot", "train", 2),
    ]
    assert own.figures[0].top1 == few["streams"]["both"]["top1"]
    (measured,) = [figure for figure in shipped.figures if figure.protocol == "knn"]
    assert (measured.on, measured.top1) == ("test", knn["streams"]["both"]["top1"])
    assert file.name == str(broken)
    assert "cannot read the weights" in file.problem
    with pytest.raises(SignpipeError, match="no encoder file 'nowhere'"):
        encoder_list.run(pretrained, [tmp_path.relative_to(tmp_path) / "nowhere"])


def test_the_command_lists_them(pretrained, tmp_path):
    runner, words = CliRunner(), ["encoders", "-w", str(pretrained.root)]
    lines = runner.invoke(app, words).output.splitlines()
    assert lines[0].startswith("shipped: ") and "MB" in lines[0]
    assert any(line.startswith("default: 36 clips of 3 signers; both, ") for line in lines)
    assert any("few-shot on" in line and "top-1" in line for line in lines)
    rows = json.loads(runner.invoke(app, [*words, "--json"]).output)
    assert [row["name"] for row in rows] == ["shipped", "default"]
    assert rows[0]["sources"][0].keys() >= {"repository", "licence", "copyright", "clips"}
