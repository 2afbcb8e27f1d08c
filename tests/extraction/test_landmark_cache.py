import os

import numpy as np
import pytest

from signpipe.extraction import landmark_cache
from signpipe.extraction.clip import Extraction, extract_clip
from signpipe.extraction.landmark_cache import LandmarkCache
from signpipe.landmarks.holistic import Holistic
from signpipe.settings import ExtractSettings

PARTS = ("pose", "left_hand", "right_hand", "times", "face")


def same(one: Extraction, other: Extraction) -> bool:
    """Bit for bit, NaN included."""
    fields = ("status", "reason", "fps", "width", "height", "rotation")
    assert [getattr(one, f) for f in fields] == [getattr(other, f) for f in fields]
    arrays = [[getattr(e.landmarks, part) for part in PARTS] for e in (one, other)]
    return all(
        (a is None and b is None) or (a.dtype == b.dtype and a.tobytes() == b.tobytes())
        for a, b in zip(*arrays, strict=True)
    )


@pytest.mark.parametrize("face", [False, True])
def test_what_is_kept_equals_what_was_extracted_bit_for_bit(face, make_clip, tmp_path):
    clip, settings = make_clip(tmp_path / "clip.mp4", frames=4), ExtractSettings(face=face)
    with Holistic(settings) as holistic:
        fresh = extract_clip(clip, holistic)
        again = extract_clip(clip, holistic)
    cache = LandmarkCache(tmp_path / "cache")
    cache.put(cache.key("ab", settings), fresh)
    kept = cache.get(cache.key("ab", settings))
    assert (fresh.landmarks.face is not None) == face
    assert same(kept, fresh) and same(again, fresh)
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0  # of people, for nobody else


def extraction(walk, number=0, status="ok") -> Extraction:
    return Extraction(status, "", walk(number, 1, 1), None, 64, 48, 90)


def test_a_key_tells_bytes_settings_and_versions_apart(monkeypatch, tmp_path):
    cache, settings = LandmarkCache(tmp_path), ExtractSettings()
    keys = {cache.key("ab", settings), cache.key("cd", settings)}
    keys.add(cache.key("ab", ExtractSettings(min_detection_confidence=0.4)))
    monkeypatch.setattr(landmark_cache, "_made_by", lambda: ["another mediapipe"])
    keys.add(cache.key("ab", settings))
    assert len(keys) == 4


def test_a_damaged_clip_is_no_clip_and_only_landmarks_are_kept(walk, tmp_path):
    cache = LandmarkCache(tmp_path / "cache")
    for key in ("whole", "cut", "changed", "foreign"):
        cache.put(key, extraction(walk))
    cut, changed, foreign = (tmp_path / "cache" / f"{k}.h5" for k in ("cut", "changed", "foreign"))
    cut.write_bytes(cut.read_bytes()[:-100])
    content = bytearray(changed.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    foreign.write_text("no pack")
    assert [cache.get(key) for key in ("cut", "changed", "foreign", "never")] == [None] * 4
    assert same(cache.get("whole"), extraction(walk))
    cache.put("failed", Extraction("failed", "for some reason"))
    assert [path.stem for path in (tmp_path / "cache").iterdir()] == ["whole"]


def test_it_is_bounded_and_forgets_what_was_used_longest_ago(walk, tmp_path):
    first = LandmarkCache(tmp_path)
    for number, key in enumerate("abcd"):
        first.put(key, extraction(walk))
        os.utime(tmp_path / f"{key}.h5", (number, number))
    (tmp_path / f".x{landmark_cache.TEMPORARY}").touch()
    os.utime(tmp_path / f".x{landmark_cache.TEMPORARY}", (0, 0))
    size = (tmp_path / "a.h5").stat().st_size
    assert first.get("a") is not None  # used now
    small = LandmarkCache(tmp_path, limit=int(4.5 * size))
    small.put("e", extraction(walk))
    assert {path.name for path in tmp_path.iterdir()} == {"a.h5", "d.h5", "e.h5", "c.h5"}
    for number in range(20):
        small.put(f"more{number}", extraction(walk))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4.5 * size


def test_a_folder_that_cannot_be_written_costs_only_time(walk, tmp_path):
    (tmp_path / "file").touch()
    cache = LandmarkCache(tmp_path / "file" / "cache")
    cache.put("a", extraction(walk))
    assert cache.get("a") is None


def test_where_it_is(monkeypatch):
    monkeypatch.setenv("SIGNPIPE_CACHE", "/one")
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    assert str(LandmarkCache().folder) == "/one/landmarks"
    monkeypatch.delenv("SIGNPIPE_CACHE")
    assert str(LandmarkCache().folder) == "/two/signpipe/landmarks"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", "/home/me")
    assert str(LandmarkCache().folder) == "/home/me/.cache/signpipe/landmarks"


def test_nan_and_numbers_of_any_size_survive(walk, tmp_path):
    made = extraction(walk)
    made.landmarks.pose[0, 0] = (np.nan, 1e-40, -0.0, 3e38)
    cache = LandmarkCache(tmp_path)
    cache.put("a", made)
    assert same(cache.get("a"), made)
