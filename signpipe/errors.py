"""The one exception a person is meant to read."""


class SignpipeError(Exception):
    """One sentence that names the file or setting, the cause and the mend.

    The command line prints it without a traceback and ends with exit code 2.
    """
