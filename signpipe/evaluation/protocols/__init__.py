"""One module a protocol: `plan(workspace, request)` says what it will measure, and how."""
