import cv2

from signpipe.evaluation.calibration_picture import draw_calibration
from signpipe.evaluation.schema import Bin, Calibration


def test_the_picture_shows_where_confidence_and_accuracy_part(tmp_path):
    def draw(accuracy):
        bins = (
            Bin(low=0, high=0.5, clips=0, confidence=0, accuracy=0),
            Bin(low=0.5, high=1, clips=9, confidence=0.9, accuracy=accuracy),
        )
        path = tmp_path / "calibration.png"
        draw_calibration(path, Calibration(expected_error=0.4, bins=bins), "both")
        return cv2.imread(str(path))

    good, bad = draw(0.9), draw(0.5)
    assert good.shape == bad.shape
    assert min(good.shape[:2]) > 400
    assert (good != bad).mean() > 0.01
