"""The one exception a person is meant to read."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class SignpipeError(Exception):
    """One sentence that names the file or setting, the cause and the mend.

    The command line prints it without a traceback and ends with exit code 2.
    """


def first_fault(error: "ValidationError") -> str:
    """The first field that a model refuses, and why: `encoder.heads: Input should be ...`."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{field}: {message}" if field else message
