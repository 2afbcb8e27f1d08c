"""Every known data set by name, and reading one."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from signpipe.datasets import asl_citizen, autsl, elan, lsa64, msasl, nmfs_csl, plain, slr500, wlasl
from signpipe.datasets.clips import Collector, Dataset
from signpipe.datasets.files import VideoIndex
from signpipe.errors import SignpipeError

# By name: what the names of its clips begin with, and its reader.
READERS: dict[str, tuple[str, Callable[[Collector], None]]] = {
    **{f"wlasl{size}": ("wlasl/", partial(wlasl.read, classes=size)) for size in wlasl.SUBSETS},
    **{f"msasl{size}": ("msasl/", partial(msasl.read, classes=size)) for size in msasl.SUBSETS},
    "slr500": ("slr500/", slr500.read),
    "nmfs_csl": ("nmfs_csl/", nmfs_csl.read),
    "lsa64": ("lsa64/", lsa64.read),
    "autsl": ("autsl/", autsl.read),
    "asl_citizen": ("asl_citizen/", asl_citizen.read),
}
PLAIN = "csv"
ELAN = "elan"
KNOWN = (*READERS, ELAN, PLAIN)


def read_dataset(name: str, root: Path, tiers: elan.ElanTiers | None = None) -> Dataset:
    """The clips of the data set `name` whose videos and annotation files lie below `root`.

    Case, - and _ in `name` do not matter. For `csv`, `root` may be the CSV file; for `elan`,
    `tiers` say what is read. Raises
    SignpipeError if `name` is none of `KNOWN`, if there is no such folder, if an annotation file is
    missing or not in the published form as a whole; entries that are not are the data set's
    `problems`.
    """
    known = {_plain(known): known for known in KNOWN}.get(_plain(name))
    if known is None:
        raise SignpipeError(
            f"there is no data set {name!r}; the known ones are {', '.join(KNOWN[:-1])} and "
            f"{PLAIN} (a table of your own)"
        )
    if tiers is not None and known != ELAN:
        raise SignpipeError(f"tiers are ELAN's; {known} has none, so leave out --tier and the like")
    prefix = ""
    if known == PLAIN:
        file = root if root.is_file() else None
        collector = Collector(VideoIndex(file.parent if file else root))
        plain.read(collector, file or plain.table_in(root))
    elif known == ELAN:
        collector = Collector(VideoIndex(root))
        elan.read(collector, tiers or elan.ElanTiers())
    else:
        collector = Collector(VideoIndex(root))
        prefix, read = READERS[known]
        read(collector)
    if not collector.clips and not collector.missing:
        first = f": {collector.problems[0]}" if collector.problems else ""
        raise SignpipeError(f"the annotations of {known} in {root} have no clip{first}")
    return collector.dataset(known, prefix)


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
