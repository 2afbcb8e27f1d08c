"""The encoder that comes with the package: what it learned from, and that it is there and works."""

import csv
import re
import runpy
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from signpipe.model.backbone import load_backbone, read_backbone_card
from signpipe.model.encoder import Encoder
from signpipe.model.shipped import REFERENCE_FILE, SHIPPED_FILE
from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import Parts
from signpipe.settings import PrepareSettings, PretrainSettings
from signpipe.training.features import embed

ROOT = Path(__file__).parents[2]
NOTICE = SHIPPED_FILE.with_name("NOTICE")
# Each with the licence at its root: MIT or Apache-2.0.
OPEN = {
    "Prakhar-1401/Sign_detection_project": "MIT",
    "Tachionstrahl/SignLanguageRecognition": "Apache-2.0",
    "akashcodes23/Realtime-Sign-LanguageDetection": "MIT",
    "me-abhinav-1001/Sign-Language-Detection": "MIT",
    "surtecha/SignLangNET": "MIT",
    "tamtridung/ASL_SignWish": "MIT",
    "thm1d/slr": "Apache-2.0",
    "traduttore/traduttore-model": "MIT",
    "yunlisa96/hand-sign-recognition": "Apache-2.0",
}


@pytest.fixture(scope="module")
def trained():
    return read_backbone_card(SHIPPED_FILE).trained


def test_it_has_learned_from_openly_licensed_repositories_alone(trained):
    sources = {source["repository"]: source for source in trained["sources"]}
    assert {name: source["licence"] for name, source in sources.items()} == OPEN
    assert trained["clips"] == sum(source["clips"] for source in sources.values())
    assert trained["began_from"] is None  # no weights from elsewhere
    assert set(trained["splits"]) == {"open"}
    signers = [signer for source in sources.values() for signer in source["signers"]]
    assert len(set(signers)) == trained["signers"]
    assert not any(re.fullmatch(r"s\d{6}", signer) for signer in signers)  # of the measuring pool
    for source in sources.values():
        assert sum(source["signers"].values()) == source["clips"]
        assert all(re.fullmatch("[0-9a-f]{8,40}", commit) for commit in source["commits"])


def test_its_clips_are_those_of_the_open_packs(trained, shared_data):
    with open(shared_data / "open" / "clips.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    there = {}
    for row in rows:
        there.setdefault(row["repository"], []).append(row)
    for source in trained["sources"]:
        own = there[source["repository"]]
        assert source["clips"] <= len(own)
        assert set(source["commits"]) <= {row["commit"] for row in own}
        assert {source["licence"]} == {row["licence"] for row in own}


def test_the_notice_names_source_holder_and_licence_of_each(trained):
    entries = dict(re.findall(r"https://github.com/(\S+)\n    (.*)", NOTICE.read_text("utf-8")))
    assert entries.keys() == OPEN.keys()
    for source in trained["sources"]:
        entry = entries[source["repository"]]
        assert entry.startswith("Copyright ") and source["copyright"] in entry
        assert f"; {source['licence']}; " in entry
    assert "Permission is hereby granted" in NOTICE.read_text("utf-8")


def test_the_example_that_makes_it_again_has_its_settings_and_its_notice(trained):
    example = runpy.run_path(str(ROOT / "examples" / "shipped_encoder.py"))
    assert example["SETTINGS"].items() <= trained["settings"].items()
    assert example["notice"](trained["sources"]) == NOTICE.read_text("utf-8")


def test_it_is_small_and_of_the_default_size(trained):
    assert SHIPPED_FILE.stat().st_size <= 6_000_000
    card = read_backbone_card(SHIPPED_FILE)
    assert card.encoder == PretrainSettings().encoder
    assert card.prepare == PrepareSettings()
    shown = {figure["of"]["shots"]: figure["top1"] for figure in trained["figures"]}
    assert shown.keys() == {1, 3, 5}
    assert 0.8 < shown[1] < shown[3] < shown[5] < 1


def test_it_finds_clips_of_a_sign_alike_whoever_signs(walk):
    settings = PrepareSettings()
    clips = {
        f"{sign}{signer}": to_keypoints(walk(sign, signer, 0), settings)
        for sign in range(3)
        for signer in range(3)
    }
    card = read_backbone_card(SHIPPED_FILE)
    encoders = nn.ModuleDict({m: Encoder(card.encoder) for m in ("joint", "motion")})
    load_backbone(SHIPPED_FILE, encoders)
    assert {value.dtype for value in encoders.parameters()} == {torch.float32}
    found = embed(encoders, Parts.of(clips), np.arange(9), card.encoder)
    signs = np.repeat(np.arange(3), 3)
    for features in found.values():
        assert np.isfinite(features).all()
        similar = features @ features.T - 10 * np.eye(9)
        assert (signs[similar.argmax(axis=1)] == signs).mean() > 0.6  # by chance 0.25


def test_the_wheel_has_it_with_its_notice():
    # The package that is imported here is one installed from a wheel, in CI.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = project["tool"]["setuptools"]["package-data"]["signpipe.model.shipped"]
    found = {path for pattern in wanted for path in SHIPPED_FILE.parent.glob(pattern)}
    assert {SHIPPED_FILE, REFERENCE_FILE, NOTICE} <= found
    assert "signpipe/model/shipped/NOTICE" in project["project"]["license-files"]
