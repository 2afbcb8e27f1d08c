from signpipe.wording import counted, listed, times


def test_counts_agree_with_their_noun():
    assert [counted(n, "clip") for n in (0, 1, 2, 100_000)] == [
        "0 clips",
        "1 clip",
        "2 clips",
        "100,000 clips",
    ]
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(2, "clip is", "clips are") == "2 clips are"


def test_long_lists_are_cut():
    assert listed(["a", "b"], 2) == "a, b"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"


def test_how_often():
    assert [times(n) for n in range(4)] == ["never", "once", "twice", "3 times"]
