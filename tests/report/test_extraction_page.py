import io
from pathlib import Path

import pytest
from pages import ODD
from pages import words as words_of
from PIL import Image

from signpipe.cliptable import Clip
from signpipe.report.extraction_page import MOST, ExtractionFindings, extraction_page, rate
from signpipe.report.faults import better_hand, worst
from signpipe.report.handedness import Handedness
from signpipe.video.recordings import DuplicateGroup, Recording

ROW = {"fps": 25.0, "width": 640, "height": 480, "pose": 1.0, "left_hand": 0.0, "right_hand": 0.8}


def clip(name: str, status: str = "ok", **changes) -> Clip:
    seen = {**ROW, "frames": 40} if status in ("ok", "truncated") else {}
    return Clip(name, f"/videos/{name}.mp4", status=status, **{**seen, **changes})


def words(findings: ExtractionFindings) -> str:
    return words_of(extraction_page(findings).html())


def duplicates(*clips: tuple[str, ...]) -> DuplicateGroup:
    """Of (clip id, label, split and maybe signer)."""
    return DuplicateGroup(tuple(Recording(name, Path(name), *more) for name, *more in clips))


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 3)).save(file, format="png")
    return file.getvalue()


def test_outcomes_are_counted_with_their_reasons():
    clips = [clip("a"), clip("b"), clip("c", "unreadable", reason="it is no video")]
    text = words(ExtractionFindings(clips, [], {}, [], [], "as given"))
    assert "ok 2 67%" in text
    assert "unreadable 1 33%" in text
    assert "it is no video /videos/c.mp4" in text


def test_rates_are_per_frame_and_per_signer_and_label():
    clips = [
        clip("a", signer="ann", label="tree", frames=30, right_hand=1.0),
        clip("b", signer="ann", label="tree", frames=10, right_hand=0.0),
        clip("c", signer="bea", label="house", right_hand=0.5),
    ]
    text = words(ExtractionFindings(clips, [], {}, [], [], ""))
    assert "ann 2 100% 0% 75% 75%" in text
    assert "house 1 100% 0% 50% 50%" in text
    assert text.index("bea 1") < text.index("ann 2")  # the poorest first
    assert rate(clips, better_hand) == pytest.approx((30 + 20) / 80)
    assert rate([], better_hand) is None


def test_clips_without_signer_or_label():
    text = words(ExtractionFindings([clip("a"), clip("b")], [], {}, [], [], ""))
    assert "No clip with landmarks has a signer" in text
    assert "No clip with landmarks has a label" in text
    assert "Nobody can be judged" in text
    some = [clip("a", signer="ann"), clip("b")]
    assert "(no signer) 1" in words(ExtractionFindings(some, [], {}, [], [], ""))


def test_nothing_but_failures_makes_a_page_without_empty_charts():
    findings = ExtractionFindings([clip("a", "failed", reason="it hangs")], [], {}, [], [], "")
    assert "<img" not in extraction_page(findings).html()
    text = words(findings)
    assert "The frame rate of no clip is known" in text
    assert "The picture size of no clip is known" in text


def test_the_worst_have_pictures_and_words():
    clips = [clip("a", right_hand=0.1), clip("b", frames=4), clip("c")]
    page = extraction_page(ExtractionFindings(clips, worst(clips), {"a": png()}, [], [], ""))
    source = page.html()
    assert source.count("<li>") == 2
    assert source.count("data:image/png") == 1  # no picture is left open where there is none
    assert "Neither hand was found in more than 10% of the frames." in source


def test_signers_who_stand_out_are_listed_with_the_doubt():
    hands = [Handedness("dara", 12, 1.0, -0.9), Handedness("ada", 12, 0.0, 0.9)]
    text = words(ExtractionFindings([clip("a")], [], {}, hands, [], ""))
    assert "compared with the others: 1 of 2 signers" in text
    assert "dara 12 100%" in text
    assert "ada 12" not in text
    assert "cannot tell a left-handed person from a mirrored recording" in text
    alike = words(ExtractionFindings([clip("a")], [], {}, hands[1:], [], ""))
    assert "Nobody stands out among 1 signer who can be judged" in alike


def test_leaks_are_told_at_the_top():
    leak = duplicates(("a", "tree", "test"), ("b", "tree", "train"))
    same = duplicates(*((f"c{i}", "", "train") for i in range(9)))
    source = extraction_page(
        ExtractionFindings([clip("a")], [], {}, [], [leak, same], "as given")
    ).html()
    text = words(ExtractionFindings([clip("a")], [], {}, [], [leak, same], "as given"))
    assert "1 group of duplicates lies across splits" in text[: text.index("landmarks of all")]
    assert source.count('class="warning"') == 2
    assert "leak: splits test, train 2 a, b" in text
    assert "repeated 9 c0, c1, c2, c3, c4, c5 and 3 more" in text
    assert "2 groups, 9 clips too many. Groups under different" in text


def test_odd_names_are_only_text():
    clips = [clip(ODD, signer=ODD, label=ODD, reason=ODD, frames=3), clip("b", ODD, reason=ODD)]
    findings = ExtractionFindings(
        clips,
        worst(clips),
        {ODD: png()},
        [Handedness(ODD, 12, 1.0, -0.9)],
        [duplicates((ODD, ODD, ODD, ODD), ("b", ODD, "train"))],
        ODD,
        [ODD],
    )
    assert words(findings).count("<script>alert(1)</script>") > 8


def test_long_tables_are_cut_and_say_so():
    clips = [clip(f"{i}", "failed", reason="no") for i in range(MOST + 7)]
    text = words(ExtractionFindings(clips, [], {}, [], [], ""))
    assert f"the first {MOST} of {MOST + 7}" in text
    assert f"/videos/{MOST}.mp4" not in text
