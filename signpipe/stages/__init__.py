"""One module a command: each has `run(workspace, ...)` and can be called from Python."""
