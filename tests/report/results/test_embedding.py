import numpy as np

from signpipe.evaluation.predictions import Named
from signpipe.report.results.embedding import (
    COLOURED,
    LEAST,
    MOST,
    REST,
    Embedded,
    add_embedding,
    flat,
    sample,
    scatter,
)


def test_groups_stay_together_and_chance_is_fixed():
    rng = np.random.default_rng(0)
    features = rng.normal(0, 0.05, (30, 8)).astype(np.float32)
    features[:15, 0] += 5
    places = flat(features)
    assert places.shape == (30, 2)
    own = np.linalg.norm(places[:15].mean(axis=0) - places[:15], axis=1).max()
    assert np.linalg.norm(places[:15].mean(axis=0) - places[15:].mean(axis=0)) > own
    assert np.array_equal(flat(features), places)
    assert flat(features[:LEAST]).shape == (LEAST, 2)


def test_of_many_clips_always_the_same_are_drawn():
    named = [Named(str(n), "", "a", {}) for n in range(MOST + 5)]
    assert sample(named) == sample(named)
    assert len(sample(named)) == MOST
    assert sample(named[:7]) == named[:7]


def test_the_most_frequent_have_a_colour_and_a_name():
    values = [name for n in range(COLOURED + 3) for name in [f"_{n:02}$"] * (30 - n)]
    places = np.zeros((len(values), 2), np.float32)
    figure = scatter(places, values)
    texts = [text.get_text().strip("\u200b") for text in figure.legends[0].get_texts()]
    assert len(texts) == COLOURED + 1
    assert texts[0] == r"_00\$"
    assert texts[-1] == REST
    sizes = [len(dots.get_offsets()) for dots in figure.axes[0].collections]
    assert sum(sizes) == len(values)


def test_by_sign_and_where_there_are_several_by_signer(pieces):
    rng = np.random.default_rng(0)
    places = {"joint": rng.normal(size=(9, 2)).astype(np.float32)}
    named = [Named(f"c{n}", "ann", "ab"[n % 2], {}) for n in range(9)]
    add_embedding(pieces, Embedded("pretrained", "Pretrained", named, 9, places))
    assert (pieces.folder / "tsne-pretrained-joint-sign.png").exists()
    assert not (pieces.folder / "tsne-pretrained-joint-signer.png").exists()
    lines = (pieces.folder / "tsne-pretrained.csv").read_text().splitlines()
    assert lines[0] == "clip,sign,signer,joint x,joint y"
    assert len(lines) == 10
