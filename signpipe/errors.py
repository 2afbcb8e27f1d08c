"""The one exception a person is meant to read."""

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class SignpipeError(Exception):
    """One sentence that names the file or setting, the cause and the mend.

    The command line prints it without a traceback and ends with exit code 2.
    """


def missing_extra(what: str, package: str, extra: str) -> SignpipeError:
    """The error that says which package `what` needs, and which extra of signpipe brings it."""
    return SignpipeError(
        f"{what} needs {package}; install it with `pip install 'signpipe[{extra}]'`"
    )


def first_fault(error: "ValidationError") -> str:
    """The first field that a model refuses, and why: `encoder.heads: Input should be ...`."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{field}: {message}" if field else message


def disk_full(error: BaseException) -> bool:
    """Whether an error says that no space is left on a disk."""
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
    return full or "No space left on device" in str(error)


def out_of_memory(error: BaseException) -> str:
    """Whose memory an error says is used up, in words; "" of any other error."""
    if type(error).__name__ == "OutOfMemoryError":  # torch's, which is not loaded for this
        return "the GPU has too little memory"
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return "there is too little memory"
    return ""
