import pytest

from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.extraction.stored import stored_landmarks
from signpipe.landmarks.pack import open_pack, write_pack


def outcomes_of(workspace):
    return [*read_outcomes(workspace.outcomes).values()]


def test_many_and_few_clips_of_a_pack_in_its_order(signs_workspace):
    outcomes = outcomes_of(signs_workspace)
    with open_pack(signs_workspace.pack("made_up")) as pack:
        whole = list(pack.read_each())
    for chosen in (outcomes[::-1], [outcomes[30], outcomes[7]]):
        found = list(stored_landmarks(signs_workspace, chosen))
        assert [o.index for o, _ in found] == sorted(o.index for o in chosen)
        for outcome, landmarks in found:
            assert (landmarks.pose == whole[outcome.index].pose)[:, :23, :2].all()


def test_a_pack_that_has_changed_costs_only_itself(signs_workspace, walk):
    one, other = outcomes_of(signs_workspace)[:2]
    moved = signs_workspace.pack("other")
    write_pack(moved, {other.clip_id: walk(1, 1, 1, frames=other.frames + 1)})
    outcomes = [Outcome(other.clip_id, "", "ok", pack="other", frames=other.frames), one]
    with pytest.raises(SignpipeError, match=r"other\.h5 has changed since"):
        list(stored_landmarks(signs_workspace, outcomes))
    told = {}
    found = list(stored_landmarks(signs_workspace, outcomes, told.__setitem__))
    assert [outcome for outcome, _ in found] == [one]
    assert list(told) == ["other"]


def test_an_error_of_who_reads_is_not_the_packs(signs_workspace):
    told = {}
    with pytest.raises(OSError, match="no space"):
        for _ in stored_landmarks(signs_workspace, outcomes_of(signs_workspace), told.__setitem__):
            raise OSError("no space")
    assert told == {}
