from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signpipe.evaluation.predictions import ClipPrediction
from signpipe.evaluation.schema import Figures, Metrics
from signpipe.pictures.page import Page
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.report_writer import ReportWriter

STREAMS = ("joint", "motion", "both")


@pytest.fixture
def report(tmp_path) -> ReportWriter:
    return ReportWriter(Page("Results"), tmp_path / "results", " -w here")


@pytest.fixture
def evaluation(tmp_path) -> Callable[..., Evaluation]:
    """`evaluation(name, top1, **metrics)`: one of three signs on val, every stream alike."""

    def make(name: str = "one", top1: float = 0.5, **changes: Any) -> Evaluation:
        figures = Figures(
            top1=top1, top5=1, mean_class=top1, mean_class_top5=1, intervals={"top1": (0.25, 0.75)}
        )
        values: dict[str, Any] = {
            "protocol": "finetuned",
            "split": "val",
            "stage": "finetune",
            "run": name,
            "clips": 4,
            "signers": ["ann", "ben"],
            "streams": dict.fromkeys(STREAMS, figures),
            "headline": "every clip",
            "averages": "over clips",
            "both": "mean",
            "joint_weight": 0.5,
            "selection": "by val",
            "signs": 3,
            "signs_scored": 3,
            "clips_of_unknown_signs": 0,
            "clips_seen_in_pretraining": 0,
            "split_from": "as given",
            "data": "d",
            "scored_before": 2,
            "scored_by": {},
            "settings": {},
            "inputs": {},
        }
        return Evaluation(Path(tmp_path / "evaluate" / name), Metrics(**values | changes))

    return make


@pytest.fixture
def prediction() -> Callable[..., ClipPrediction]:
    """`prediction(clip_id, label, joint, motion, both)`, the last two as joint by default."""

    def make(
        clip_id: str, label: str, joint: str, motion: str = "", both: str = ""
    ) -> ClipPrediction:
        predicted = {"joint": joint, "motion": motion or joint, "both": both or joint}
        return ClipPrediction(clip_id, "ann", label, predicted)

    return make
