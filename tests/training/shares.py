"""What other processes do in the tests of training on several devices; loads little."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError
from signpipe.model import distributed


def die_as_the_second() -> None:
    if distributed.rank() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def refuse() -> None:
    if distributed.rank() == 0:
        raise SignpipeError("the loss is not finite")
    distributed.broadcast(0)


def wait(folder: str) -> None:
    """Leave one's number in the folder and wait: in Python, or for another rank."""
    Path(folder, str(os.getpid())).touch()
    if distributed.rank():
        distributed.broadcast(0)
    time.sleep(60)


def pretrain_with_neighbours(*words: Any) -> None:
    """As `signpipe.training.pretrain._train`, but already the smallest queues have neighbours."""
    from signpipe.model import momentum
    from signpipe.training import pretrain

    momentum.TRUSTED = 4
    pretrain._train(*words)
