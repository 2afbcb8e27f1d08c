"""signpipe: a folder of sign-language videos goes in, a recogniser of isolated signs comes out.

Every command is also a function, and a recogniser is an object to keep:

    import signpipe

    workspace = signpipe.Workspace("workspace")
    signpipe.extract(workspace, ["videos"])
    signpipe.pretrain(workspace)
    signpipe.finetune(workspace)
    signpipe.evaluate(workspace, split="test")
    for prediction in signpipe.predict_each(["clips"], signpipe.find_recognizer(workspace)):
        print(prediction.clip, prediction.signs)

    recognizer = signpipe.Recognizer.load(signpipe.find_recognizer(workspace))
    print(recognizer.predict("clip.mp4").signs)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers and editors
    from signpipe.answers import Answer
    from signpipe.app.serve import run as open_page
    from signpipe.clip_view import run as view
    from signpipe.errors import SignpipeError
    from signpipe.evaluation.compare import run as compare
    from signpipe.evaluation.encoder_list import run as encoders
    from signpipe.evaluation.evaluate import run as evaluate
    from signpipe.export.onnx_file import write_onnx as export_onnx
    from signpipe.export.published_folder import run as publish
    from signpipe.export.web_folder import write_web as export_web
    from signpipe.extraction.export_poses import run as export_poses
    from signpipe.extraction.extract import run as extract
    from signpipe.extraction.forgotten import forget, rename, restore, undo_rename
    from signpipe.extraction.import_keypoints import run as import_keypoints
    from signpipe.parts.prepare import run as prepare
    from signpipe.pipeline import run as train
    from signpipe.prediction import each as predict_each
    from signpipe.prediction import find_recognizer
    from signpipe.prediction import run as predict
    from signpipe.recognizer import Prediction, Recognizer, TaughtRecognizer
    from signpipe.report.extraction_report import run as report_extraction
    from signpipe.report.label_report import run as report_labels
    from signpipe.report.results_report import run as report_results
    from signpipe.search.clip_search import each as search_each
    from signpipe.search.dictionary import Dictionary
    from signpipe.search.indexing import run as make_dictionary
    from signpipe.search.spotting import each as spot
    from signpipe.stream_prediction import run as predict_stream
    from signpipe.teaching import open_taught
    from signpipe.teaching import run as teach
    from signpipe.training.finetune import run as finetune
    from signpipe.training.pretrain import run as pretrain
    from signpipe.workspace import Workspace
    from signpipe.workspace_status import run as status

__version__ = "0.1.0"

# The same, resolved on first use, so that `import signpipe` stays free of torch, mediapipe and cv2.
_LAZY = {
    "Answer": ("signpipe.answers", "Answer"),
    "Dictionary": ("signpipe.search.dictionary", "Dictionary"),
    "Prediction": ("signpipe.recognizer", "Prediction"),
    "Recognizer": ("signpipe.recognizer", "Recognizer"),
    "SignpipeError": ("signpipe.errors", "SignpipeError"),
    "TaughtRecognizer": ("signpipe.recognizer", "TaughtRecognizer"),
    "Workspace": ("signpipe.workspace", "Workspace"),
    "compare": ("signpipe.evaluation.compare", "run"),
    "encoders": ("signpipe.evaluation.encoder_list", "run"),
    "evaluate": ("signpipe.evaluation.evaluate", "run"),
    "export_onnx": ("signpipe.export.onnx_file", "write_onnx"),
    "export_poses": ("signpipe.extraction.export_poses", "run"),
    "export_web": ("signpipe.export.web_folder", "write_web"),
    "extract": ("signpipe.extraction.extract", "run"),
    "find_recognizer": ("signpipe.prediction", "find_recognizer"),
    "finetune": ("signpipe.training.finetune", "run"),
    "forget": ("signpipe.extraction.forgotten", "forget"),
    "import_keypoints": ("signpipe.extraction.import_keypoints", "run"),
    "open_page": ("signpipe.app.serve", "run"),
    "make_dictionary": ("signpipe.search.indexing", "run"),
    "predict": ("signpipe.prediction", "run"),
    "predict_each": ("signpipe.prediction", "each"),
    "predict_stream": ("signpipe.stream_prediction", "run"),
    "prepare": ("signpipe.parts.prepare", "run"),
    "pretrain": ("signpipe.training.pretrain", "run"),
    "publish": ("signpipe.export.published_folder", "run"),
    "rename": ("signpipe.extraction.forgotten", "rename"),
    "report_extraction": ("signpipe.report.extraction_report", "run"),
    "report_labels": ("signpipe.report.label_report", "run"),
    "report_results": ("signpipe.report.results_report", "run"),
    "restore": ("signpipe.extraction.forgotten", "restore"),
    "search_each": ("signpipe.search.clip_search", "each"),
    "spot": ("signpipe.search.spotting", "each"),
    "status": ("signpipe.workspace_status", "run"),
    "open_taught": ("signpipe.teaching", "open_taught"),
    "teach": ("signpipe.teaching", "run"),
    "train": ("signpipe.pipeline", "run"),
    "undo_rename": ("signpipe.extraction.forgotten", "undo_rename"),
    "view": ("signpipe.clip_view", "run"),
}

__all__ = [
    "Answer",
    "Dictionary",
    "Prediction",
    "Recognizer",
    "SignpipeError",
    "TaughtRecognizer",
    "Workspace",
    "__version__",
    "compare",
    "encoders",
    "evaluate",
    "export_onnx",
    "export_poses",
    "export_web",
    "extract",
    "find_recognizer",
    "finetune",
    "forget",
    "import_keypoints",
    "make_dictionary",
    "open_page",
    "open_taught",
    "predict",
    "predict_each",
    "predict_stream",
    "prepare",
    "pretrain",
    "publish",
    "rename",
    "report_extraction",
    "report_labels",
    "report_results",
    "restore",
    "search_each",
    "spot",
    "status",
    "teach",
    "train",
    "undo_rename",
    "view",
]


if not TYPE_CHECKING:  # to type checkers it would mean that there is every name

    def __getattr__(name: str) -> Any:
        if name not in _LAZY:
            raise AttributeError(f"module 'signpipe' has no attribute {name!r}")
        module, attribute = _LAZY[name]
        return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return __all__
