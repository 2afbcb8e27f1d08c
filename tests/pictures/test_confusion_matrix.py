import cv2
import numpy as np

from signpipe.pictures.confusion_matrix import draw_confusion


def test_rows_are_what_was_made(tmp_path):
    path = tmp_path / "confusion.png"
    draw_confusion(path, np.array([[4, 0], [3, 1]]), ["a$b", "日本"])
    picture = cv2.imread(str(path))
    assert picture.shape[0] > 300
    blue = (picture[..., 0].astype(int) - picture[..., 2]) > 60
    rows = np.flatnonzero(blue.any(axis=1))
    columns = np.flatnonzero(blue.any(axis=0))
    middle = rows.mean(), columns.mean()
    # 4 of 4 in the first row: its cell is the darkest; 3 of 4 below it; hardly any on the right.
    assert blue[: int(middle[0])].sum() > 0
    assert columns.max() < picture.shape[1] * 0.75
