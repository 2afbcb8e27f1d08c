"""The hub, played by a server on this machine; nothing goes out."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from signpipe.errors import SignpipeError
from signpipe.model.hub import local_folder

REVISION = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "recognizer.json": b'{"a": 1}',
    "model.safetensors": b"weights",
    "README.md": b"# card",
    "evil.py": b"print('never fetched')",
}


ASKED: list[str] = []


class Hub(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.do_GET(body=False)

    def do_GET(self, body=True):
        ASKED.append(self.path)
        path = self.path.split("?")[0]
        content, name = None, path.rsplit("/", 1)[-1]
        if path.startswith("/api/models/me/signs/tree/"):
            content = json.dumps(
                [
                    {"type": "file", "path": n, "size": len(c), "oid": sha(c)}
                    for n, c in FILES.items()
                ]
            ).encode()
        elif path.startswith("/api/models/me/signs"):
            siblings = [{"rfilename": n} for n in FILES]
            content = json.dumps({"id": "me/signs", "sha": REVISION, "siblings": siblings}).encode()
        elif path.startswith(f"/me/signs/resolve/{REVISION}/"):
            content = FILES.get(name)
        self.send_response(404 if content is None else 200)
        content = content or b"{}"
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{sha(content)}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_):
        pass


def sha(content):
    return hashlib.sha1(content).hexdigest()


@pytest.fixture
def endpoint():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_fetched_by_name_without_what_could_run(endpoint, tmp_path):
    code = (
        "from signpipe.errors import SignpipeError\n"
        "from signpipe.model.hub import local_folder\n"
        "print(local_folder('hf:me/signs'))\n"
        "try:\n    local_folder('hf:me/other')\n"
        "except SignpipeError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    folder, refused = done.stdout.strip().splitlines()
    assert folder.endswith(REVISION) and f"hf:me/signs: revision {REVISION}" in done.stderr
    assert sorted(os.listdir(folder)) == ["README.md", "model.safetensors", "recognizer.json"]
    assert not any("evil" in path for path in ASKED)
    assert refused.startswith("hf:me/other cannot be fetched (")


def test_what_is_no_name():
    assert str(local_folder("a/b")) == "a/b"
    for name in ("hf:", "hf:alone", "hf:a/b/c", "hf:../../x y"):
        with pytest.raises(SignpipeError, match="names nothing on the hub; write hf:OWNER/NAME"):
            local_folder(name)
