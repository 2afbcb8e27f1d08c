from pages import words

from signpipe.evaluation.schema import Figures
from signpipe.report.results.corrections import add_corrections, corrected, spoiled, varied


class Empty:
    """A gallery in which nothing can be seen."""

    def read(self, clip_id):
        return None


def test_what_motion_corrects_and_spoils(prediction, report, evaluation):
    clips = [
        prediction("right", "tree", "tree"),
        prediction("corrected", "tree", "house", "tree", "tree"),
        prediction("spoiled", "tree", "tree", "house", "house"),
        prediction("wrong", "tree", "house", "sun", "sun"),
        prediction("again", "sun", "house", "sun", "sun"),
    ]
    assert [clip.clip_id for clip in corrected(clips)] == ["corrected", "again"]
    assert [clip.clip_id for clip in spoiled(clips)] == ["spoiled"]
    one = evaluation()
    one.__dict__["predictions"] = clips
    add_corrections(report, one, Empty())
    text = words(report.page.html())
    assert "motion corrects 2: joint alone is wrong there" in text and "It spoils 1," in text
    lines = (report.folder / "motion.csv").read_text().splitlines()
    assert lines[1] == "corrected,corrected,ann,tree,house,tree,tree"
    assert len(lines) == 4


def test_one_of_every_sign_first(prediction):
    clips = [prediction(f"{sign}{n}", sign, sign) for sign in "ab" for n in range(2)]
    assert [clip.clip_id for clip in varied(clips)] == ["a0", "b0", "a1", "b1"]


def test_a_single_stream_has_nothing_to_correct(report, evaluation):
    alone = Figures(top1=1, top5=1, mean_class=1, mean_class_top5=1)
    add_corrections(report, evaluation(streams={"joint": alone}), Empty())
    assert "streams=both" in report.missing[0][1]
