"""Whether a video file is as long as it says it is.

FFmpeg reads a file that was cut between two frames to its end without a complaint. The container
itself tells: MP4 and MOV by their boxes' sizes, AVI by its RIFF header's, Matroska and WebM by
their segment's.
"""

import os
from typing import IO

BOXES = frozenset((b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"moof"))
EBML, SEGMENT = bytes.fromhex("1a45dfa3"), bytes.fromhex("18538067")


def missing_bytes(file: IO[bytes]) -> int:
    """How many bytes the container announces beyond the file's end; 0 if none or unknown.

    Leaves the file at its start.
    """
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    end = 0
    if head[:4] == b"RIFF":
        end = 8 + int.from_bytes(head[4:8], "little")
    elif head[:4] == EBML:
        end = _end_of_segment(file)
    elif head[4:8] in BOXES:
        end = _end_of_boxes(file, length)
    file.seek(0)
    return max(0, end - length)


def _end_of_boxes(file: IO[bytes], length: int) -> int:
    position = 0
    while position < length:
        file.seek(position)
        head = file.read(16)
        if len(head) < 8 or head[4:8] not in BOXES:
            return 0  # what follows the last box is no box: nothing can be told
        size = int.from_bytes(head[:4], "big")
        if size == 1:  # a 64-bit size follows
            size = int.from_bytes(head[8:16], "big")
        if size < 8:  # 0: to the file's end
            return 0
        position += size
    return position


def _end_of_segment(file: IO[bytes]) -> int:
    file.seek(len(EBML))
    header = _ebml_size(file)
    file.seek(header, os.SEEK_CUR)
    if file.read(len(SEGMENT)) != SEGMENT:
        return 0
    size = _ebml_size(file)
    return file.tell() + size if size else 0


def _ebml_size(file: IO[bytes]) -> int:
    """A size of 1 to 8 bytes, its first bits telling how many; 0 if it is left open."""
    first = (file.read(1) or b"\0")[0]
    more = 8 - first.bit_length()  # bytes after the first
    bits = 7 * (more + 1)
    size = int.from_bytes(bytes([first]) + file.read(more), "big") & ((1 << bits) - 1)
    return 0 if size == (1 << bits) - 1 else size
