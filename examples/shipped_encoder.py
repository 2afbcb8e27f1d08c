"""The encoder that comes with signpipe, made again: shipped_encoder.py PACKS OUT [--measure FOLDER]

PACKS is a folder of keypoint packs and their clips.csv, which names each clip's signer, split,
repository, commit and licence. OUT receives encoder.safetensors, reference.safetensors (what the
labels say of its features, for recognisers that are taught) and NOTICE, which belong into
signpipe/model/shipped, and the workspace in which they are made; stopped, the same command goes on.
FOLDER has packs and a clips.csv with signers of the split `personal`: the encoder is measured on
them, and the figures stand in its card. Nothing is learned from them.
"""

import argparse
import csv
from collections import Counter
from pathlib import Path
from typing import Any

from torch import nn

import signpipe
from signpipe.cliptable import read_clips
from signpipe.evaluation.encoder_list import figures
from signpipe.evaluation.schema import read_metrics
from signpipe.live.learn_reference import learn_reference
from signpipe.live.reference import save_reference
from signpipe.model.backbone import BackboneCard, load_backbone, read_backbone_card, save_backbone
from signpipe.model.encoder import Encoder
from signpipe.parts.store import open_parts
from signpipe.settings import STREAMS_OF, EvaluateSettings, resolve
from signpipe.settings import PretrainSettings as Pretrain
from signpipe.workspace import write_text

SETTINGS = {"epochs": 8, "precision": "fp32"}
IDLE = "_idle"  # the label of people who do not sign
HOLDERS = {
    "Prakhar-1401/Sign_detection_project": "Copyright (c) 2024 Prakhar-1401",
    "Tachionstrahl/SignLanguageRecognition": "Copyright the authors of SignLanguageRecognition",
    "akashcodes23/Realtime-Sign-LanguageDetection": "Copyright (c) 2025 Akash G Patil",
    "me-abhinav-1001/Sign-Language-Detection": "Copyright (c) 2023 Abhinav Anand",
    "surtecha/SignLangNET": "Copyright (c) 2024 Suryateja Challa",
    "tamtridung/ASL_SignWish": "Copyright (c) 2021 Tam_Tran",
    "thm1d/slr": "Copyright the authors of slr",
    "traduttore/traduttore-model": "Copyright (c) 2022 traduttore",
    "yunlisa96/hand-sign-recognition": "Copyright the authors of hand-sign-recognition",
}
HEAD = """\
encoder.safetensors was trained on keypoints of the following repositories alone, and
reference.safetensors made of what it says of them. They hold weights; no clip, picture or keypoint
of a person is passed on with them.

"""
MIT = """\

The MIT licence
---------------

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

The Apache licence, version 2.0
-------------------------------

http://www.apache.org/licenses/LICENSE-2.0
"""


def main(packs: Path, out: Path, measure: Path | None) -> None:
    workspace = signpipe.Workspace(out / "workspace")
    signpipe.import_keypoints(workspace, sorted(packs.glob("*.h5")), labels=packs / "clips.csv")
    split = {row["split"] for row in rows(packs)}
    made = signpipe.pretrain(workspace, resolve(Pretrain, changes=SETTINGS), splits=sorted(split))
    card = read_backbone_card(made.encoder)
    used = {row["clip_id"] for row in rows(made.folder)}
    card.trained["sources"] = sources([row for row in rows(packs) if row["clip_id"] in used])
    write_text(out / "NOTICE", notice(card.trained["sources"]))
    write(made.encoder, out / "encoder.safetensors", card)
    write_reference(workspace, out)
    if measure:
        card.trained["figures"] = measured(out, measure)
        write(made.encoder, out / "encoder.safetensors", card)
        write_reference(workspace, out)  # it names the encoder's file as it is in the end


def rows(folder: Path) -> list[dict[str, str]]:
    """Of a folder's clips.csv."""
    with open(folder / "clips.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def sources(clips: list[dict[str, str]]) -> list[dict[str, Any]]:
    """A repository each: its clips, signers, commits, licence and copyright holder."""
    found = []
    for repository in sorted({clip["repository"] for clip in clips}):
        own = [clip for clip in clips if clip["repository"] == repository]
        (licence,) = {clip["licence"] for clip in own}
        found.append(
            {
                "repository": repository,
                "licence": licence,
                "copyright": HOLDERS[repository],
                "commits": sorted({clip["commit"] for clip in own}),
                "clips": len(own),
                "signers": dict(sorted(Counter(clip["signer"] for clip in own).items())),
            }
        )
    return found


def notice(found: list[dict[str, Any]]) -> str:
    """Repositories, copyright holders and licences, and what these want to be said."""
    entries = [
        f"https://github.com/{source['repository']}\n"
        f"    {source['copyright']}; {source['licence']}; {source['clips']} clips\n"
        for source in found
    ]
    return HEAD + "\n".join(entries) + MIT


def write(source: Path, target: Path, card: BackboneCard) -> None:
    """The encoders of a file, in half precision, with another card."""
    streams = STREAMS_OF[card.streams]
    encoders = nn.ModuleDict({stream: Encoder(card.encoder) for stream in streams})
    load_backbone(source, encoders)
    save_backbone(target, encoders, card, half=True)


def write_reference(workspace: signpipe.Workspace, out: Path) -> None:
    """What the labelled clips say of the features of the encoder in `out`; idle ones aside."""
    clips = [clip for clip in read_clips(workspace.clips).values() if clip.label != IDLE]
    encoder = out / "encoder.safetensors"
    reference = learn_reference(encoder, open_parts(workspace.parts), clips)
    save_reference(out / "reference.safetensors", reference)


def measured(out: Path, packs: Path) -> list[dict[str, Any]]:
    """What few-shot recognition says of the file in `out`, on people it has not seen."""
    workspace = signpipe.Workspace(out / "measured")
    files = sorted({row["file"] for row in rows(packs) if row["split"] in ("val", "personal")})
    signpipe.import_keypoints(workspace, [packs / f for f in files], labels=packs / "clips.csv")
    encoder = str(out / "encoder.safetensors")
    asked = {"protocol": "few-shot", "split": "personal", "encoder": encoder, "redo": True}
    result = signpipe.evaluate(workspace, EvaluateSettings(), **asked)
    metrics = read_metrics(result.folder / "metrics.json")
    people = f"{len(metrics.signers)} people it has not seen, {metrics.clips} clips"
    return [vars(figure) | {"on": people} for figure in figures(metrics)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("packs", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--measure", type=Path)
    main(**vars(parser.parse_args()))
