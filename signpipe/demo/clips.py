"""The drawn clips that come with the package; `examples/drawn_signers` makes them."""

from pathlib import Path


def clips_folder() -> Path:
    """The folder of the clips: `<gesture>/<signer>_<repetition>.mp4`, and `labels.csv`."""
    return Path(__file__).parent / "videos"
