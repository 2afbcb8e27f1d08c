"""signpipe: a folder of sign-language videos goes in, a recogniser of isolated signs comes out.

Every command is also a function:

    import signpipe

    workspace = signpipe.Workspace(Path("workspace"))
    signpipe.extract(workspace, [Path("videos")])
    signpipe.pretrain(workspace)
    signpipe.finetune(workspace)
    signpipe.evaluate(workspace, split="test")
    signpipe.predict([Path("clip.mp4")], signpipe.find_recognizer(workspace))
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Resolved on first use, so that `import signpipe` stays free of torch, mediapipe and cv2.
_LAZY = {
    "Workspace": ("signpipe.workspace", "Workspace"),
    "SignpipeError": ("signpipe.errors", "SignpipeError"),
    "extract": ("signpipe.stages.extract", "run"),
    "import_keypoints": ("signpipe.stages.import_keypoints", "run"),
    "export_poses": ("signpipe.stages.export_poses", "run"),
    "prepare": ("signpipe.stages.prepare", "run"),
    "pretrain": ("signpipe.stages.pretrain", "run"),
    "finetune": ("signpipe.stages.finetune", "run"),
    "evaluate": ("signpipe.stages.evaluate", "run"),
    "compare": ("signpipe.stages.compare", "run"),
    "predict": ("signpipe.stages.predict", "run"),
    "find_recognizer": ("signpipe.stages.predict", "find_recognizer"),
    "view": ("signpipe.stages.view", "run"),
    "report_extraction": ("signpipe.stages.report_extraction", "run"),
    "report_results": ("signpipe.stages.report_results", "run"),
    "status": ("signpipe.stages.status", "run"),
}

__all__ = ["__version__", *_LAZY]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'signpipe' has no attribute {name!r}")
    module, attribute = _LAZY[name]
    return getattr(import_module(module), attribute)
