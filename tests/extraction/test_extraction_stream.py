from signpipe.extraction import extraction_stream, pool
from signpipe.extraction.extraction_stream import ExtractionStream
from signpipe.extraction.given_clips import given_clips
from signpipe.extraction.known_landmarks import KnownLandmarks
from signpipe.settings import ExtractSettings


def test_workers_are_kept_from_block_to_block(make_clip, tmp_path, monkeypatch):
    started = []

    def start(setup, _start=pool._start):
        started.append(setup)
        return _start(setup)

    monkeypatch.setattr(pool, "_start", start)
    monkeypatch.setattr(extraction_stream, "BLOCK", 1)
    words = [make_clip(tmp_path / f"{n}.mp4", frames=n) for n in (2, 1)]
    words.insert(1, tmp_path / "nowhere.mp4")
    clips = given_clips(words)
    with ExtractionStream(clips, KnownLandmarks(ExtractSettings()), workers=2) as stream:
        assert len(started) == 1  # before anything is asked for, and no more than are needed
        found = list(stream)
    assert [clip for clip, _ in found] == clips
    assert [extraction.status for _, extraction in found] == ["ok", "unreadable", "ok"]
    assert len(started) == 1
