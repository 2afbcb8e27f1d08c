import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpipe.model.recognizer_card import RecognizerCard
from signpipe.settings import EncoderSettings, PrepareSettings

NO_NETWORK = re.compile(r"request to \S+ failed, reason: ")  # in npm's words
SIGNS = ("house", "بيت", 'the "tree"')


@pytest.fixture(scope="session")
def recognizers(tmp_path_factory: pytest.TempPathFactory):
    """`recognizers(signs=..., frames=4, **card)`: the folder of a recogniser of random weights."""
    import torch

    from signpipe.model.stream_classifiers import StreamClassifiers, save_recognizer

    def make(signs: tuple[str, ...] = SIGNS, frames: int = 4, **more: object) -> Path:
        torch.manual_seed(0)
        encoder = EncoderSettings(frames=frames, part_channels=16, heads=2)
        card = RecognizerCard(signs=signs, encoder=encoder, prepare=PrepareSettings(), **more)
        folder = tmp_path_factory.mktemp("made") / "recognizer"
        model = StreamClassifiers(encoder, len(signs), card.streams, card.classifier)
        save_recognizer(folder, model, card)
        return folder

    return make


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The npm packages that the page needs, as export fetches them."""
    from signpipe.errors import SignpipeError
    from signpipe.export.browser_assets import npm_packages

    if shutil.which("npm") is None:
        pytest.skip("there is no npm; install Node.js")
    try:
        with npm_packages() as folder:
            yield folder
    except SignpipeError as error:
        if not NO_NETWORK.search(str(error)):
            raise
        pytest.skip(str(error))
