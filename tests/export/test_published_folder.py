import json

import pytest
import yaml
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate
from signpipe.export import published_folder
from signpipe.recognizer import Recognizer
from signpipe.settings import EvaluateSettings, FinetuneSettings, PretrainSettings, resolve
from signpipe.training import finetune, pretrain
from signpipe.training.encoders import named_encoder


@pytest.fixture
def trained(signs_workspace, small):
    """A pretraining and a fine-tuning run, both of the name default, the latter evaluated."""
    quick = {**small, "epochs": 1}
    pretrain.run(signs_workspace, resolve(PretrainSettings, changes={**quick, "queue": 24}))
    finetune.run(signs_workspace, resolve(FinetuneSettings, changes=quick))
    settings = resolve(EvaluateSettings, changes={"bootstrap": 100})
    evaluate.run(signs_workspace, settings, split="test")
    return signs_workspace


def parts_of(readme):
    _, front, text = readme.read_text().split("---\n", 2)
    return yaml.safe_load(front), text


def test_both_kinds_and_their_use(trained, walk, tmp_path):
    result = published_folder.run(trained, "default", tmp_path / "r", licence="CC-BY-4.0")
    assert result.kind == "recognizer" and result.evaluations == 1
    front, text = parts_of(tmp_path / "r" / "README.md")
    assert front["license"] == "cc-by-4.0" and front["pipeline_tag"] == "video-classification"
    assert "drink, house, tree" in text and "| signer | clips | top-1 |" in text
    metrics = json.loads((trained.root / "evaluate/default-test/metrics.json").read_text())
    assert f"top-1 {metrics['streams']['both']['top1']:.1%}" in text
    for signer in metrics["signers"]:
        assert f"| {signer} |" in text
    folders = (tmp_path / "r", trained.root / "finetune/default/recognizer")
    copy, own = (Recognizer.load(folder, cache=False) for folder in folders)
    assert copy.predict_landmarks(walk(1, 8, 0)) == own.predict_landmarks(walk(1, 8, 0))
    result = published_folder.run(
        trained, "default", tmp_path / "e", licence="only for\nour: school", kind="encoder"
    )
    front, text = parts_of(tmp_path / "e" / "README.md")
    assert front["license"] == "other" and front["license_name"] == "only for\nour: school"
    assert "It was not measured." in text and "- signers: " in text
    found = named_encoder(trained, str(tmp_path / "e"))
    assert found == tmp_path / "e" / "encoder.safetensors"
    again = published_folder.run(trained, "default", tmp_path / "e", licence="mit", kind="encoder")
    assert parts_of(again.folder / "README.md")[0]["license"] == "mit"
    refusals(trained, tmp_path)


def refusals(trained, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    for run, folder, licence, why in (
        (
            "other",
            "a",
            "mit",
            "has no finished run 'other'; there are finetune/default, pretrain/d",
        ),
        ("default", "full", "mit", r"full holds something else \(thesis.txt\)"),
        ("default", "full/thesis.txt", "mit", "thesis.txt is a file; name a folder"),
        ("default", "a", " ", "a licence is needed"),
    ):
        with pytest.raises(SignpipeError, match=why):
            published_folder.run(trained, run, tmp_path / folder, licence=licence)
    (tmp_path / "nothing").mkdir()
    with pytest.raises(SignpipeError, match="the folder .*nothing has no encoder.safetensors"):
        named_encoder(trained, str(tmp_path / "nothing"))
    words = ["publish", "default", str(tmp_path / "asked"), "-w", str(trained.root)]
    done = CliRunner().invoke(app, words, input="mit\n")
    assert done.exit_code == 0 and "Licence under which others may use it" in done.stdout
    assert (tmp_path / "asked" / "README.md").exists()
