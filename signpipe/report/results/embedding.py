"""t-SNE of the embeddings, coloured by sign and by signer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from signpipe.evaluation.predictions import ClipPrediction
from signpipe.pictures.page import Card
from signpipe.report.results.report_writer import Entry, ReportWriter
from signpipe.wording import counted

MOST = 1000  # clips; a larger split is drawn from
LEAST = 8  # clips; of fewer there is nothing to see
COLOURED = 12  # signs or signers with a colour of their own, the most frequent
SEED = 0
PERPLEXITY = 30
REST = "others"


@dataclass(frozen=True)
class Embedded:
    """Coordinates (B, 2) by stream of the clips of `predictions`, see `tsne`; `what` says by whose
    features, `of` how many clips they were drawn from, `key` is for file names."""

    key: str
    what: str
    predictions: Sequence[ClipPrediction]
    of: int
    coordinates: Mapping[str, NDArray[np.float32]]


def sample(predictions: Sequence[ClipPrediction]) -> list[ClipPrediction]:
    """At most MOST clips, always the same ones."""
    if len(predictions) <= MOST:
        return list(predictions)
    chosen = np.random.default_rng(SEED).choice(len(predictions), MOST, replace=False)
    return [predictions[i] for i in sorted(chosen)]


def tsne(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(B, D) -> (B, 2) by t-SNE from the first two principal components; B >= LEAST."""
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    tsne = TSNE(init="pca", perplexity=perplexity, random_state=SEED)
    coordinates: NDArray[np.float32] = tsne.fit_transform(features)
    return coordinates


def add_embedding(report: ReportWriter, embedded: Embedded) -> None:
    """Each stream's picture by sign and by signer, and the places as a CSV."""
    count = len(embedded.predictions)
    drawn = f" drawn from {embedded.of:,}" if count < embedded.of else ""
    which = f"{counted(count, 'clip')}{drawn}"
    report.page.text(
        f"{embedded.what}: t-SNE of the features of {which} (perplexity {PERPLEXITY}, or a third "
        f"of the clips where that is less; initialised by PCA; seed {SEED}). The {COLOURED} most "
        "frequent signs and signers have a colour. Only neighbours can be read off it: how far "
        "apart two groups lie means little."
    )
    cards = []
    by: Literal["label", "signer"]
    for by in ("label", "signer"):
        values = [getattr(clip, by) for clip in embedded.predictions]
        word = "sign" if by == "label" else "signer"
        if len(set(values)) < 2:
            continue
        for stream, coordinates in embedded.coordinates.items():
            name = f"tsne-{embedded.key}-{stream}-{word}"
            title = f"{stream}, by {word}"
            png = report.png(name, scatter(coordinates, values), f"{embedded.what}: {title}")
            cards.append(Card(png, f"t-SNE of {title}", title))
    report.page.cards(cards)
    axes = [f"{stream} {axis}" for stream in embedded.coordinates for axis in "xy"]
    rows: list[list[Entry]] = [
        [clip.clip_id, clip.label, clip.signer, *numbers]
        for clip, numbers in zip(
            embedded.predictions,
            np.concatenate([*embedded.coordinates.values()], axis=1).tolist(),
            strict=True,
        )
    ]
    columns = ["clip", "sign", "signer", *axes]
    report.csv(f"tsne-{embedded.key}", columns, rows, f"{embedded.what}: places of the clips")


def scatter(coordinates: NDArray[np.float32], values: Sequence[str]) -> Figure:
    """A square of dots coloured by value, the names beside it; as wide as three by four."""
    figure = Figure(figsize=(4.0, 3.0))
    axes = figure.add_axes((0.01, 0.01, 0.735, 0.98))
    counts = Counter(values)
    predictions = sorted(counts, key=lambda value: (-counts[value], value))[:COLOURED]
    groups = np.array([value if value in predictions else REST for value in values], dtype=object)
    colours = matplotlib.colormaps["tab20"]([*range(0, 20, 2), *range(1, 20, 2)])
    size = 14 if len(values) < 400 else 6
    if len(counts) > len(predictions):
        x, y = coordinates[groups == REST].T
        axes.scatter(x, y, size, "#c4c9ce", linewidths=0, label=REST)
    for name, colour in zip(sorted(predictions), colours, strict=False):
        x, y = coordinates[groups == name].T
        label = name.replace("$", r"\$") or "unknown"
        label = label if len(label) <= 14 else f"{label[:13]}…"
        # An underscore in front would hide it.
        axes.scatter(x, y, size, [colour], linewidths=0, label=f"\u200b{label}")
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_color("#c4c9ce")
    handles, labels = axes.get_legend_handles_labels()
    if labels[0] == REST:  # drawn first, below the others, but named last
        handles, labels = [*handles[1:], handles[0]], [*labels[1:], labels[0]]
    figure.legend(
        handles,
        labels,
        loc="center left",
        bbox_to_anchor=(0.745, 0.5),
        fontsize=7,
        frameon=False,
        handletextpad=0.1,
        markerscale=14 / size,
        borderpad=0,
    )
    return figure
