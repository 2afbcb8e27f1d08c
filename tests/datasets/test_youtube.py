import pytest

from signpipe.datasets.youtube import youtube_id


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/watch?v=-j1wozf6o9_",
        "www.youtube.com/watch?v=-j1wozf6o9_",
        "http://youtube.com/watch?feature=share&v=-j1wozf6o9_&t=3s",
        "https://youtu.be/-j1wozf6o9_?t=3",
        "https://www.youtube.com/embed/-j1wozf6o9_",
    ],
)
def test_addresses(address):
    assert youtube_id(address) == "-j1wozf6o9_"


@pytest.mark.parametrize(
    "address",
    ["", None, 3, "https://signs.example/watch?v=-j1wozf6o9_", "https://youtu.be/../../../etc/a"],
)
def test_other_addresses(address):
    assert youtube_id(address) == ""
