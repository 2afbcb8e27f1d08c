import csv
import json

import pytest
from pages import words as words_of

from signpipe.commands.report import show_results
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate, split_use_log
from signpipe.report import results_report
from signpipe.settings import EvaluateSettings, FinetuneSettings, PretrainSettings, resolve
from signpipe.training import finetune, pretrain
from signpipe.workspace import Workspace


def words(result) -> str:
    return words_of(result.path.read_text(encoding="utf-8")).replace("\u2060", "")


@pytest.fixture
def learned(signs_workspace, small):
    """The workspace of made-up signs, pretrained, fine-tuned and scored on val."""
    once = {**small, "epochs": 1}
    pretrain.run(signs_workspace, resolve(PretrainSettings, changes={**once, "queue": 24}))
    finetune.run(signs_workspace, resolve(FinetuneSettings, changes=once))
    evaluate.run(signs_workspace, EvaluateSettings(bootstrap=100))
    return signs_workspace


def test_of_clips_alone_everything_is_missing_and_no_chart_is_empty(signs_workspace, capsys):
    result = results_report.run(signs_workspace)
    source = result.path.read_text(encoding="utf-8")
    assert "<img" not in source
    assert "<table" not in source
    where = f" -w {signs_workspace.root}"
    commands = {command.removesuffix(where) for _, command in result.missing}
    assert commands == {
        "signpipe evaluate",
        "signpipe pretrain",
        "signpipe finetune",
        "signpipe evaluate --protocol fractions --from-scratch",
        "signpipe evaluate --protocol open-set",
        "signpipe pretrain --run other --set consistency=none",
        "signpipe pretrain --run other --set transfer_nearest=16",
    }
    assert "<h2" not in source and source.count("<details>") == 1
    assert [path.name for path in result.folder.iterdir()] == ["contents.csv"]
    show_results(result)
    predicted = capsys.readouterr().out
    assert str(result.path) in predicted
    assert f"signpipe pretrain{where}" in predicted


def test_the_page_of_a_run_and_the_files_behind_it(learned):
    scored = split_use_log.count(learned, "val")
    result = results_report.run(learned)
    assert split_use_log.count(learned, "val") == scored  # it has scored nothing
    assert result.path == learned.root / "report" / "results.html"
    assert (result.evaluations, result.unread) == (1, ())
    text = words(result)
    metrics = json.loads((learned.root / "evaluate" / "default-val" / "metrics.json").read_text())
    assert f"top-1 of both, of only 12 clips {metrics['streams']['both']['top1']:.1%}" in text
    assert "split val, 12 clips of 3 signs, by the protocol finetuned (default-val)" in text
    assert "one clip more or less moves top-1 by 8.3%, and its 95% interval is" in text
    with open(result.folder / "contents.csv", newline="") as file:
        listed = {row["file"] for row in csv.DictReader(file)}
    assert listed == {path.name for path in result.folder.iterdir()} - {"contents.csv"}
    for key in ("pretrained", "finetuned"):
        with open(result.folder / f"tsne-{key}.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 12
        assert {row["sign"] for row in rows} == {"drink", "house", "tree"}
        for stream in ("joint", "motion", "both"):
            assert f"tsne-{key}-{stream}-sign.png" in listed
    assert {"signers.csv", "signers-default-val.csv"} <= listed
    expected = {"curves-pretrain", "curves-finetune", "confusion"}
    assert {f"{name}.{kind}" for name in expected for kind in ("png", "csv")} <= listed
    add_missing = [command.split(" -w ")[0] for _, command in result.missing]
    assert add_missing == [
        "signpipe pretrain --run other --set consistency=none",
        "signpipe pretrain --run other --set transfer_nearest=16",
        "signpipe evaluate --protocol fractions --from-scratch",
        "signpipe evaluate --protocol open-set",
    ]


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(learned):
    (learned.root / "pretrain" / "default" / "encoder.safetensors").unlink()
    odd = learned.root / "evaluate" / "odd-val"
    odd.mkdir()
    (odd / "metrics.json").write_text("{}")
    for pack in learned.keypoints.glob("*.h5"):
        pack.write_bytes(b"damaged")
    result = results_report.run(learned)
    assert len(result.unread) == 1
    text = words(result)
    assert "Not everything could be read" in text
    assert "Not drawn: pretrained, without labels: the encoder that was scored is not in" in text
    assert not (result.folder / "tsne-pretrained.csv").exists()
    assert (result.folder / "tsne-finetuned.csv").exists()


def test_damaged_predictions_leave_the_tables(learned):
    (learned.root / "evaluate" / "default-val" / "predictions.csv").write_text("clip_id\na\n")
    result = results_report.run(learned, out=learned.root / "page.html")
    assert result.folder == learned.root / "page"
    assert "predictions.csv" in result.unread[0]
    assert (result.folder / "protocol-finetuned.csv").exists()
    assert "t-SNE of the clips' embeddings" in [what for what, _ in result.missing]


def test_a_stale_evaluation_is_marked_and_never_headlined(learned):
    table = learned.clips.read_text().replace(",tree,", ",forest,")
    learned.clips.write_text(table)
    result = results_report.run(learned)
    text = words(result)
    assert "1 evaluation is stale: default-val (" in text
    assert "labels, signers or splits were changed" in text
    assert "top-1 of both" not in text and "default-val (stale) val 12 joint" in text
    assert not (result.folder / "confusion.csv").exists()
    assert ("which signs are taken for which", f"signpipe evaluate -w {learned.root}") in (
        result.missing
    )
    finetune.run(learned, _recorded(learned, "finetune", FinetuneSettings), redo=True)
    assert "the recogniser default was trained again" in words(results_report.run(learned))
    evaluate.run(learned, EvaluateSettings(bootstrap=100))
    text = words(results_report.run(learned))
    assert (
        "is stale" not in text
        and "(stale)" not in text
        and "top-1 of both, of only 12 clips" in text
    )


def _recorded(workspace, stage, model):
    record = json.loads((workspace.run(stage, "default") / "settings.json").read_text())
    return model.model_validate(record["settings"])


def test_nothing_there(tmp_path):
    with pytest.raises(SignpipeError, match="no clips to report on"):
        results_report.run(Workspace(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()


def test_a_page_that_cannot_be_written_is_one_sentence(signs_workspace):
    with pytest.raises(SignpipeError, match="cannot write"):
        results_report.run(signs_workspace, out=signs_workspace.clips / "page.html")
