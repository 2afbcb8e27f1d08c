import os
import signal
import threading

import numpy as np

from signpipe.extraction.limited import MEMORY, LimitedReader, seconds_for
from signpipe.extraction.pool import Lost


def _do(what: str) -> int:
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "swell":
        np.empty(MEMORY, np.uint8)
    return os.getpid()


def test_one_child_reads_for_all_threads_and_is_replaced_if_it_dies():
    reader = LimitedReader(_do)
    found: list[int | Lost] = []
    threads = [threading.Thread(target=lambda: found.append(reader.read(""))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (child,) = {*found}
    assert child != os.getpid()
    swollen = reader.read("swell")
    assert isinstance(swollen, Lost) and "allocate" in swollen.reason
    dead = reader.read("die")
    assert isinstance(dead, Lost) and "SIGKILL" in dead.reason
    assert reader.read("") not in (child, os.getpid(), dead)


def test_large_files_have_more_time():
    assert seconds_for(0) < seconds_for(10**9)
