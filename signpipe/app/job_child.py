"""The process of a job: an ordinary command, interrupted when the page's server has gone."""

import os
import runpy
import signal
import threading
import time

NICER = 5  # so that the camera's pictures come first
PATIENCE = 20.0  # seconds for what is in hand, as where the server itself ends a job


def _watch() -> None:
    """The server holds the other end of stdin for as long as it lives, however it ends."""
    while os.read(0, 64):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(PATIENCE)
    os.killpg(0, signal.SIGKILL)  # with its workers: the group is its own


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.nice(NICER)
    threading.Thread(target=_watch, daemon=True).start()
    runpy.run_module("signpipe", run_name="__main__")
