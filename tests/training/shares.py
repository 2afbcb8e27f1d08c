"""What other processes do in the tests of training on several devices; loads little."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError
from signpipe.model import ranks


def die_as_the_second() -> None:
    if ranks.number() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def refuse() -> None:
    if ranks.number() == 0:
        raise SignpipeError("the loss is not finite")
    ranks.told(0)


def wait(folder: str) -> None:
    """Leave one's number in the folder and wait: in Python, or for another rank."""
    Path(folder, str(os.getpid())).touch()
    if ranks.number():
        ranks.told(0)
    time.sleep(60)


def pretrain_with_neighbours(*words: Any) -> None:
    """As `signpipe.stages.pretrain._train`, but already the smallest queues have neighbours."""
    from signpipe.model import momentum
    from signpipe.stages import pretrain

    momentum.TRUSTED = 4
    pretrain._train(*words)
