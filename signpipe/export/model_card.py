"""README.md of a folder that is passed on: a model card, as the Hugging Face hub shows it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from signpipe.evaluation.schema import Metrics
from signpipe.wording import counted

LIMITS = """\
- Isolated signs only: one sign a clip, one signer in the picture. No sentences, no translation.
- Hands and upper body only: mouth, face and gaze are not looked at.
- Accuracy on the signers below says little about other people. Deaf signers should judge whether it
  is of use before anyone depends on it.
"""
# Of the hub's names; other licences are told in words.
KNOWN = (
    "apache-2.0",
    "bsd-3-clause",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0",
    "cc-by-sa-4.0",
    "cc0-1.0",
    "gpl-3.0",
    "mit",
)


def card_text(
    title: str, kind: str, licence: str, facts: Mapping[str, Any], scored: Sequence[Metrics]
) -> str:
    """The whole file. `kind` is recognizer or encoder; `facts` are lines of what it is made of."""
    whole = [
        front_matter(kind, licence),
        f"# {_plain(title)}",
        _about(kind),
        "## What it was trained on\n\n" + _lines(facts),
        "## How good it is\n\n" + (_figures(scored) or "It was not measured."),
        "## Limits\n\n" + LIMITS.strip(),
        f"## Licence\n\n{_plain(licence)}",
    ]
    return "\n\n".join(whole) + "\n"


def front_matter(kind: str, licence: str) -> str:
    """The YAML between two lines of dashes; JSON strings are YAML's too."""
    is_known = licence.lower() in KNOWN
    lines = [f"license: {licence.lower() if is_known else 'other'}"]
    lines += [] if is_known else [f"license_name: {json.dumps(licence, ensure_ascii=False)}"]
    task = "video-classification" if kind == "recognizer" else "feature-extraction"
    lines += ["library_name: signpipe", f"pipeline_tag: {task}"]
    lines += ["tags:", "- sign-language", "- isolated-sign-recognition", "- mediapipe"]
    return "\n".join(["---", *lines, "---"])


def _about(kind: str) -> str:
    if kind == "recognizer":
        use = "signpipe predict clip.mp4 --recognizer FOLDER"
        what = "A recogniser of isolated signs, from MediaPipe Holistic keypoints"
    else:
        use = "signpipe finetune --encoder FOLDER"
        what = "An encoder of MediaPipe Holistic keypoints of signers, pretrained without labels"
    return f"{what}, made with signpipe. FOLDER is this one, or `hf:OWNER/NAME`:\n\n    {use}"


def _lines(facts: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name}: {_plain(str(value))}" for name, value in facts.items())


def _figures(scored: Sequence[Metrics]) -> str:
    return "\n\n".join(map(_evaluation, scored))


def _evaluation(metrics: Metrics) -> str:
    stream, found = list(metrics.streams.items())[-1]
    signers = len([signer for signer in metrics.signers if signer])
    by = counted(signers, "signer") if signers else "unknown signers"
    head = (
        f"{metrics.protocol} on the split {_plain(metrics.split)}: "
        f"{counted(metrics.clips, 'clip')} of {by}, {stream}: top-1 {found.top1:.1%}, "
        f"top-5 {found.top5:.1%}, mean-class {found.mean_class:.1%} ({_plain(metrics.headline)})"
    )
    if not metrics.by_signer:
        return head
    rows = [
        f"| {_plain(str(cell.of['signer']))} | {cell.clips} | {cell.streams[stream].top1:.1%} |"
        for cell in sorted(metrics.by_signer, key=lambda cell: cell.streams[stream].top1)
    ]
    return "\n".join([head, "", "| signer | clips | top-1 |", "| --- | --- | --- |", *rows])


def _plain(text: str) -> str:
    """Words of elsewhere on one line, without what Markdown or HTML would take for its own."""
    line = " ".join(text.split())
    for sign in "\\`*_[]<>|#":
        line = line.replace(sign, f"\\{sign}")
    return line
