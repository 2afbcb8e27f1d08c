import numpy as np

from signpipe.evaluation.predictions import ClipPrediction
from signpipe.report.results.embedding import (
    COLOURED,
    LEAST,
    MOST,
    REST,
    Embedded,
    add_embedding,
    sample,
    scatter,
    tsne,
)


def test_groups_stay_together_and_chance_is_fixed():
    rng = np.random.default_rng(0)
    features = rng.normal(0, 0.05, (30, 8)).astype(np.float32)
    features[:15, 0] += 5
    coordinates = tsne(features)
    assert coordinates.shape == (30, 2)
    own = np.linalg.norm(coordinates[:15].mean(axis=0) - coordinates[:15], axis=1).max()
    assert np.linalg.norm(coordinates[:15].mean(axis=0) - coordinates[15:].mean(axis=0)) > own
    assert np.array_equal(tsne(features), coordinates)
    assert tsne(features[:LEAST]).shape == (LEAST, 2)


def test_of_many_clips_always_the_same_are_drawn():
    predictions = [ClipPrediction(str(n), "", "a", {}) for n in range(MOST + 5)]
    assert sample(predictions) == sample(predictions)
    assert len(sample(predictions)) == MOST
    assert sample(predictions[:7]) == predictions[:7]


def test_the_most_frequent_have_a_colour_and_a_name():
    values = [name for n in range(COLOURED + 3) for name in [f"_{n:02}$"] * (30 - n)]
    coordinates = np.zeros((len(values), 2), np.float32)
    figure = scatter(coordinates, values)
    texts = [text.get_text().strip("\u200b") for text in figure.legends[0].get_texts()]
    assert len(texts) == COLOURED + 1
    assert texts[0] == r"_00\$"
    assert texts[-1] == REST
    sizes = [len(dots.get_offsets()) for dots in figure.axes[0].collections]
    assert sum(sizes) == len(values)


def test_by_sign_and_where_there_are_several_by_signer(report):
    rng = np.random.default_rng(0)
    coordinates = {"joint": rng.normal(size=(9, 2)).astype(np.float32)}
    predictions = [ClipPrediction(f"c{n}", "ann", "ab"[n % 2], {}) for n in range(9)]
    add_embedding(report, Embedded("pretrained", "Pretrained", predictions, 9, coordinates))
    assert (report.folder / "tsne-pretrained-joint-sign.png").exists()
    assert not (report.folder / "tsne-pretrained-joint-signer.png").exists()
    lines = (report.folder / "tsne-pretrained.csv").read_text().splitlines()
    assert lines[0] == "clip,sign,signer,joint x,joint y"
    assert len(lines) == 10
