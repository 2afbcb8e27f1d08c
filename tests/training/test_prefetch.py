import threading

from signpipe.training.prefetch import Prefetch


def test_the_step_that_follows_is_made_ahead_and_in_another_thread():
    made, threads = [], []

    def make(epoch, step):
        made.append((epoch, step))
        threads.append(threading.current_thread().name)
        return epoch, step

    batches = Prefetch(make, steps=2, epochs=2)
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [batches(*place) for place in places] == places
    assert made == places  # each once, and none after the last
    assert threads[0] == "MainThread" and all(name.startswith("prefetch") for name in threads[1:])


def test_a_place_out_of_turn_is_made_at_once():
    batches = Prefetch(lambda epoch, step: (epoch, step), steps=3, epochs=3)
    assert batches(0, 0) == (0, 0)
    assert batches(2, 1) == (2, 1)  # where a run is resumed
    assert batches(2, 2) == (2, 2)
