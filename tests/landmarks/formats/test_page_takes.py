import base64
import json

import numpy as np
import pytest

from signpipe.errors import SignpipeError
from signpipe.landmarks.formats.page_takes import read_page_takes


def row(frames=2, **changes):
    values = np.arange(frames * 75 * 3, dtype="<f4").reshape(frames, 75, 3)
    values[0, 54:] = np.nan
    return {
        "id": "a1",
        "sign": "بيت",
        "signer": "ada",
        "width": 640,
        "height": 480,
        "times": [i / 10 for i in range(frames)],
        "landmarks": base64.b64encode(values.tobytes()).decode(),
        **changes,
    }


def written(path, *takes, **changes):
    whole = {"format": "signpipe-page-takes", "version": 1, "takes": list(takes), **changes}
    path.write_text(json.dumps(whole))
    return path


def test_landmarks_are_those_that_the_page_has_saved(tmp_path):
    (take,) = read_page_takes(written(tmp_path / "takes.json", row()))
    assert (take.sign, take.signer, take.width, take.height) == ("بيت", "ada", 640, 480)
    assert len(take.landmarks) == 2 and take.landmarks.times.tolist() == [0, 0.1]
    np.testing.assert_array_equal(take.landmarks.pose[0, 1, [0, 1, 3]], [3, 4, 5])
    np.testing.assert_array_equal(take.landmarks.left_hand[1, 0, :2], [225 + 99, 225 + 100])
    assert take.landmarks.seen("right_hand").tolist() == [False, True]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"landmarks": "AAAAAA=="}, "landmarks of the take a1 are damaged"),
        ({"landmarks": "no base64!"}, "takes.json"),
        ({"times": []}, "takes.0.times"),
        ({"times": [1.0]}, "damaged"),
        ({"width": 0}, "takes.0.width"),
        ({"id": "../x"}, "takes.0.id"),
        ({"more": 1}, "takes.0.more"),
    ],
)
def test_damage_is_told_with_its_place(change, said, tmp_path):
    with pytest.raises(SignpipeError, match=r"cannot read .*takes\.json") as error:
        read_page_takes(written(tmp_path / "takes.json", row(**change)))
    assert said in str(error.value)


def test_what_is_no_such_file(tmp_path):
    for changes in ({"format": "x"}, {"version": 2}):
        with pytest.raises(SignpipeError, match="cannot read"):
            read_page_takes(written(tmp_path / "takes.json", **changes))
    (tmp_path / "odd.json").write_bytes(b"\xff{")
    for name in ("odd.json", "none.json"):
        with pytest.raises(SignpipeError, match=f"cannot read .*{name}"):
            read_page_takes(tmp_path / name)
