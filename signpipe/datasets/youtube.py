"""The id of a YouTube video in its address."""

import re

_ADDRESS = re.compile(
    r"(?:youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#]*&)?v=|embed/|v/|shorts/)|youtu\.be/)"
    r"([\w-]{11})(?![\w-])",
    re.ASCII | re.IGNORECASE,
)


def youtube_id(address: object) -> str:
    """The 11 characters that name the video; "" if it is no address of YouTube's."""
    match = _ADDRESS.search(address) if isinstance(address, str) else None
    return match[1] if match else ""
