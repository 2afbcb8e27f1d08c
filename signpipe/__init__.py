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
    "extract": ("signpipe.extraction.extract", "run"),
    "import_keypoints": ("signpipe.extraction.import_keypoints", "run"),
    "export_poses": ("signpipe.extraction.export_poses", "run"),
    "prepare": ("signpipe.parts.prepare", "run"),
    "pretrain": ("signpipe.training.pretrain", "run"),
    "finetune": ("signpipe.training.finetune", "run"),
    "evaluate": ("signpipe.evaluation.evaluate", "run"),
    "compare": ("signpipe.evaluation.compare", "run"),
    "predict": ("signpipe.prediction", "run"),
    "find_recognizer": ("signpipe.prediction", "find_recognizer"),
    "view": ("signpipe.clip_view", "run"),
    "report_extraction": ("signpipe.report.extraction_report", "run"),
    "report_results": ("signpipe.report.results_report", "run"),
    "status": ("signpipe.workspace_status", "run"),
}

__all__ = ["__version__", *_LAZY]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'signpipe' has no attribute {name!r}")
    module, attribute = _LAZY[name]
    return getattr(import_module(module), attribute)
