import json
import os
import re
import shutil

import pytest

from signpipe.errors import SignpipeError
from signpipe.export import browser_assets
from signpipe.export.browser_assets import PAGE, copy_assets, npm_packages
from signpipe.settings import ExtractSettings


def test_the_lock_file_pins_every_package_by_what_is_in_it_and_names_no_host():
    lock = json.loads((PAGE / "package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == {
        "@mediapipe/holistic": "0.5.1675471629",
        "onnxruntime-web": "1.30.0",
    }
    for name, package in lock["packages"].items():
        if name:
            assert package["integrity"].startswith("sha512-"), name
            assert "resolved" not in package
    assert "://" not in (PAGE / "package-lock.json").read_text()


def test_only_what_the_page_needs_is_copied(packages, tmp_path):
    copy_assets(packages, tmp_path, ExtractSettings())
    found = {str(p.relative_to(tmp_path)): p.stat().st_size for p in tmp_path.rglob("*.*")}
    assert len(found) == 12 and sum(found.values()) < 37e6
    assert "onnxruntime-web 1.30.0: MIT" in (tmp_path / "licences.txt").read_text()


def test_a_folder_with_the_packages_is_taken(packages):
    for given in (packages, packages.parent):
        with npm_packages(given) as found:
            assert found == packages


def test_a_folder_without_them_or_with_others_is_refused(packages, tmp_path):
    with pytest.raises(SignpipeError, match="has no onnxruntime-web; run `npm ci`"):
        npm_packages(tmp_path).__enter__()
    for name in ("onnxruntime-web", "@mediapipe/holistic"):
        (tmp_path / name).mkdir(parents=True)
        shutil.copy(packages / name / "package.json", tmp_path / name)
    with npm_packages(tmp_path), pytest.raises(SignpipeError, match=r"js is missing; run"):
        copy_assets(tmp_path, tmp_path, ExtractSettings())
    about = tmp_path / "onnxruntime-web" / "package.json"
    about.write_text(about.read_text().replace('"version": "1.30.0"', '"version": "1.2.3"'))
    with pytest.raises(SignpipeError, match=r"onnxruntime-web 1\.2\.3, and the page needs 1\.30"):
        npm_packages(tmp_path).__enter__()


def test_without_npm_or_network_a_sentence_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SignpipeError, match="npm, which is not installed; install Node") as error:
        npm_packages().__enter__()
    assert "--assets" in str(error.value)
    npm = tmp_path / "npm"
    npm.write_text(
        "#!/bin/sh\necho 'npm error code ENOTFOUND' >&2\necho 'npm error syscall x' >&2\n"
        "echo 'npm error no net' >&2\nexit 1\n"
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    with pytest.raises(SignpipeError, match=r"\(no net\)") as error:
        npm_packages().__enter__()
    assert re.search("could not fetch.*--assets$", str(error.value)) and "\n" not in str(
        error.value
    )
    assert browser_assets.shutil.which("npm") == str(npm)
