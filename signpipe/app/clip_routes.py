"""The gallery: pages of clips, their skeletons and videos, and what a person changes in them."""

import asyncio
import unicodedata
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from signpipe.app.asked import asked, texts
from signpipe.app.clip_skeletons import SmallSkeletons, whole_skeleton
from signpipe.app.desk import Desk
from signpipe.app.gallery import FACETS, MOST, ORDERS, ClipFilter, clip_page, find_clips, has_video
from signpipe.cliptable import PERSONAL, Clip, Label
from signpipe.errors import SignpipeError
from signpipe.extraction import forgotten
from signpipe.extraction.outcomes import read_outcomes
from signpipe.extraction.relabelling import relabel
from signpipe.vocabulary import is_name, split_named
from signpipe.workspace import Workspace

LONGEST_NAME = 100  # characters of a sign's or signer's name


def routes(desk: Desk) -> list[BaseRoute]:
    """`/clips`: a page of them; below it one skeleton or video, many skeletons, and changes."""
    workspace = desk.workspace
    skeletons = SmallSkeletons(workspace)

    async def page(request: Request) -> Response:
        query = request.query_params
        start, count = (_number(query.get(name, ""), 0) for name in ("start", "count"))
        found = await asyncio.to_thread(
            clip_page, workspace, clip_filter(query), start, count or MOST
        )
        return JSONResponse(found)

    async def ids(request: Request) -> Response:
        found = await asyncio.to_thread(find_clips, workspace, clip_filter(request.query_params))
        return JSONResponse({"clips": [clip.clip_id for clip in found]})

    async def many(request: Request) -> Response:
        clips = texts((await asked(request)).get("clips"))[:MOST]
        return JSONResponse({"skeletons": await asyncio.to_thread(skeletons.of, clips)})

    async def skeleton(request: Request) -> Response:
        clip_id = request.query_params.get("clip", "")
        return JSONResponse(await asyncio.to_thread(whole_skeleton, workspace, clip_id))

    async def video(request: Request) -> Response:
        source = await asyncio.to_thread(_video, workspace, request.query_params.get("clip", ""))
        return FileResponse(source)

    async def change(request: Request) -> Response:
        labels = [_label(one) for one in _objects((await asked(request)).get("changes"))]
        before = await asyncio.to_thread(relabel, workspace, labels)
        return JSONResponse({"undo": [_personal(clip) for clip in before]})

    async def forget(request: Request) -> Response:
        clips = texts((await asked(request)).get("clips"))
        rows = await asyncio.to_thread(forgotten.forget, workspace, clips)
        return JSONResponse({"clips": [row.clip_id for row in rows]})

    async def restore(request: Request) -> Response:
        clips = texts((await asked(request)).get("clips"))
        rows = await asyncio.to_thread(forgotten.restore, workspace, clips)
        return JSONResponse({"clips": [row.clip_id for row in rows]})

    return [
        Route("/clips", page),
        Route("/clips/ids", ids),
        Route("/clips/skeleton", skeleton),
        Route("/clips/video", video),
        Route("/clips/skeletons", many, methods=["POST"]),
        Route("/clips/change", change, methods=["POST"]),
        Route("/clips/forget", forget, methods=["POST"]),
        Route("/clips/restore", restore, methods=["POST"]),
    ]


def clip_filter(query: Mapping[str, str]) -> ClipFilter:
    """What an address asks for; a column that it does not name may have any value."""
    order = query.get("order", ORDERS[0])
    return ClipFilter(
        {column: query[column] for column in FACETS if column in query},
        query.get("text", ""),
        query.get("bin", "") == "1",
        order if order in ORDERS else ORDERS[0],
    )


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _objects(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise SignpipeError("not understood: no list of changes")
    return value


def _label(change: Mapping[str, Any]) -> Label:
    given = {name: change[name] for name in PERSONAL if change.get(name) is not None}
    if not all(isinstance(text, str) for text in (change.get("clip"), *given.values())):
        raise SignpipeError("not understood: a change without a clip, or of no text")
    given = {name: plain_name(text) for name, text in given.items()}
    if "split" in given:
        split = split_named(given["split"])
        if split is None:
            raise SignpipeError(
                f"{given['split']!r} is no split. Use train, val, test or unlabelled, or none."
            )
        given["split"] = split
    return Label(change["clip"], **given)


def plain_name(text: str) -> str:
    """A sign's or signer's name as it was typed, blanks made one, in one spelling of its letters;
    it may be empty.

    Raises SignpipeError if it cannot be a name.
    """
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if len(name) > LONGEST_NAME or (name and not is_name(name)):
        raise SignpipeError(f"The name {name[:30]!r} is too long or has odd signs. Shorten it.")
    return name


def _personal(clip: Clip) -> dict[str, str]:
    return {"clip": clip.clip_id, **{name: getattr(clip, name) for name in PERSONAL}}


def _video(workspace: Workspace, clip_id: str) -> str:
    outcome = read_outcomes(workspace.outcomes).get(clip_id)
    if outcome is None or not has_video(outcome):
        raise SignpipeError(f"The video of the clip {clip_id!r} is not there any more.")
    return outcome.source
