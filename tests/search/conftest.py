"""Dictionaries of made-up signs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from signpipe.model.backbone import BackboneCard, new_encoders, save_backbone
from signpipe.search import indexing
from signpipe.settings import EncoderSettings, PrepareSettings


@pytest.fixture
def encoder_file(tmp_path: Path, small: dict[str, Any]) -> Callable[[int], Path]:
    """`encoder_file(seed)` writes an encoder of random weights."""

    def make(seed: int) -> Path:
        own = {k.removeprefix("encoder."): v for k, v in small.items() if "." in k}
        card = BackboneCard(encoder=EncoderSettings(**own), prepare=PrepareSettings())
        torch.manual_seed(seed)
        save_backbone(tmp_path / f"encoder-{seed}.safetensors", new_encoders(card), card)
        return tmp_path / f"encoder-{seed}.safetensors"

    return make


@pytest.fixture
def dictionary(signs_workspace, encoder_file) -> Path:
    """The folder of a dictionary of `signs_workspace`: 60 clips, 3 signs, 5 signers."""
    file = str(encoder_file(0))
    return indexing.run(signs_workspace, signs_workspace.root / "dictionary", encoder=file).folder
