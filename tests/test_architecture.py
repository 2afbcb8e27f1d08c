"""The rooms of the package, held to their order: a lower room never imports a higher one."""

import ast
import subprocess
import sys
from pathlib import Path

import signpipe

PACKAGE = Path(signpipe.__file__).parent
GROUND = {
    "answers",
    "errors",
    "workspace",
    "cliptable",
    "progress",
    "settings",
    "skeleton",
    "splits",
    "tables",
    "vocabulary",
    "wording",
}
ROOMS = (
    "video",
    "datasets",
    "landmarks",
    "pictures",
    "extraction",
    "parts",
    "model",
    "training",
    "evaluation",
    "live",
    "report",
    "recognizer",
    "prediction",
    "stream_prediction",
    "teaching",
    "search",
    "export",
    "clip_view",
    "run_again",
    "workspace_status",
    "pipeline",
    "app",
    "demo",
    "commands",
    "cli",
)
# Rooms and files that stand side by side: what of each may be imported by those above it only.
APART = {
    "datasets": {"landmarks", "pictures"},
    "landmarks": {"datasets"},
    "pictures": {"datasets"},
    "parts": {"datasets"},
    "model": {"datasets", "extraction", "landmarks", "parts", "pictures", "video"},
    "evaluation": {"datasets", "extraction", "landmarks", "video"},
    "report": {"datasets"},
}


def floor(name: str) -> int:
    return -1 if name in GROUND or name == "" else ROOMS.index(name)


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "signpipe":
            parts = (node.module or "").split(".")[1:]
            found |= {parts[0]} if parts else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            parts = [alias.name.split(".") for alias in node.names]
            found |= {p[1] for p in parts if p[0] == "signpipe" and len(p) > 1}
    return found - {"__version__"}


def test_no_room_imports_a_higher_one():
    seen = 0
    for path in PACKAGE.rglob("*.py"):
        relative = path.relative_to(PACKAGE).with_suffix("")
        room = relative.parts[0]
        if room in ("__init__", "__main__"):
            continue
        for other in imports(path):
            assert floor(other) <= floor(room), f"{relative} imports {other}"
            assert other not in APART.get(room, ()), f"{relative} imports {other}"
            seen += 1
    assert seen > 50


def test_modules_are_small():
    for path in PACKAGE.rglob("*.py"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 400, f"{path} has {lines} lines: probably two ideas"


def loaded_by(module: str, *unwanted: str) -> str:
    code = f"import sys, {module}\nprint(*({set(unwanted)} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_command_line_loads_nothing_heavy():
    heavy = ("torch", "mediapipe", "cv2", "av", "sklearn", "matplotlib", "h5py")
    assert loaded_by("signpipe.cli", *heavy) == ""
    assert loaded_by("signpipe", *heavy) == ""


def test_only_extraction_meets_the_system_libraries_of_opencv():
    # Its error names the packages to install; a traceback from anywhere else would not.
    modules = ("extraction.extract", "training.finetune", "evaluation.evaluate", "prediction")
    for module in modules:
        assert loaded_by(f"signpipe.{module}", "cv2", "mediapipe") == ""
    assert loaded_by("signpipe.demo.pipeline", "cv2", "mediapipe") == ""


def test_no_two_classes_have_one_name():
    seen: dict[str, str] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                assert node.name not in seen, f"{node.name}: {path} and {seen[node.name]}"
                seen[node.name] = str(path)
