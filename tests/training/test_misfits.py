from dataclasses import replace

import numpy as np

from signpipe.cliptable import CHECKED, Clip
from signpipe.training import misfits as module
from signpipe.training.misfits import Misfit, misfits, named_by_others, possible, weights


def clips(*cells: tuple[str, str], count: int = 5) -> list[Clip]:
    return [
        Clip(f"{signer}/{label}/{i}", label=label, signer=signer)
        for signer, label in cells
        for i in range(count)
    ]


def directions(found: list[Clip], shown: dict[tuple[str, str], int], dimensions: int = 4):
    """Features near that axis which the clip's signer and label are `shown` as."""
    rng = np.random.default_rng(0)
    rows = rng.normal(0, 0.05, (len(found), dimensions)).astype(np.float32)
    for row, clip in zip(rows, found, strict=True):
        row[shown[clip.signer, clip.label]] += 1
    return rows


def test_only_what_is_named_alike_and_otherwise_is_a_misfit():
    found = clips(("ann", "tree"), ("ann", "house"), ("bo", "tree"))
    named = {clip.clip_id: "house" for clip in found}
    named["bo/tree/3"] = "drink"  # not all alike
    ids = tuple(f"ann/tree/{i}" for i in range(5))
    assert misfits(found, named) == [Misfit("ann", "tree", "house", ids)]
    assert misfits(found[:3], named) == []  # so few may agree by chance
    assert possible(found) and not possible(found[:3])
    assert misfits([Clip(c.clip_id, label="tree") for c in found[:5]], named) == []  # of nobody


def test_exchanged_labels_are_found_by_the_other_signers():
    cells = [(signer, sign) for signer in ("ann", "bo", "cem", "dee") for sign in ("tree", "house")]
    shown = {(signer, sign): int(sign == "house") for signer, sign in cells}
    shown["bo", "tree"], shown["bo", "house"] = shown["bo", "house"], shown["bo", "tree"]
    found = clips(*cells)
    named = named_by_others(found, directions(found, shown))
    assert [(m.signer, m.label, m.named) for m in misfits(found, named)] == [
        ("bo", "house", "tree"),
        ("bo", "tree", "house"),
    ]


def test_own_clips_and_those_of_nobody_do_not_name():
    found = clips(("ann", "tree"), ("bo", "house"), ("", "tree"))
    shown = {("ann", "tree"): 0, ("bo", "house"): 1, ("", "tree"): 0}
    named = named_by_others(found, directions(found, shown))
    assert named == {
        clip.clip_id: "house" if clip.signer == "ann" else "tree" for clip in found[:10]
    }
    assert named_by_others(found[:5], directions(found[:5], shown)) == {}


def test_many_cells_are_drawn_from(monkeypatch):
    cells = [(f"s{i}", sign) for i in range(20) for sign in ("tree", "house")]
    shown = {(signer, sign): int(sign == "house") for signer, sign in cells}
    found = clips(*cells, count=1)
    monkeypatch.setattr(module, "MOST", 8)
    named = named_by_others(found, directions(found, shown))
    assert np.mean([named[clip.clip_id] == clip.label for clip in found]) == 1


def test_misfits_that_nobody_has_checked_weigh_less():
    cells = [(signer, sign) for signer in ("ann", "bo", "cem") for sign in ("tree", "house")]
    shown = {(signer, sign): int(sign == "house" or signer == "bo") for signer, sign in cells}
    found = clips(*cells)
    found[10] = replace(found[10], extra=((CHECKED, "yes"),))
    assert found[10].clip_id == "bo/tree/0"
    weighed = weights(found, directions(found, shown), 0.2)
    assert weighed.tolist() == [1.0] * 11 + [0.2] * 4 + [1.0] * 15
