"""Labels, signers and splits of single clips."""

import pytest

from signpipe.cliptable import Label, read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.relabelling import relabel


def test_single_clips_get_what_is_given_and_nothing_else(signs_workspace):
    before = read_clips(signs_workspace.clips)
    rows = relabel(
        signs_workspace,
        [Label("s0/drink/0", label="tea"), Label("s1/tree/2", signer="", split="val")],
    )
    assert rows == [before["s0/drink/0"], before["s1/tree/2"]]
    after = read_clips(signs_workspace.clips)
    assert after["s0/drink/0"].label == "tea" and after["s0/drink/0"].signer == "s0"
    assert (after["s1/tree/2"].label, after["s1/tree/2"].signer) == ("tree", "")
    assert after["s1/tree/2"].split == "val"
    relabel(signs_workspace, [Label(c.clip_id, c.label, c.signer, c.split) for c in rows])
    assert read_clips(signs_workspace.clips) == before


def test_a_clip_that_is_not_there_is_named_and_nothing_changes(signs_workspace):
    before = signs_workspace.clips.read_bytes()
    with pytest.raises(SignpipeError, match="'s9/drink/0' is not in"):
        relabel(signs_workspace, [Label("s0/drink/0", "tea"), Label("s9/drink/0", "tea")])
    assert signs_workspace.clips.read_bytes() == before
