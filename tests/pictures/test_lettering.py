from PIL import Image, ImageDraw

from signpipe.pictures.lettering import fitting, font


def test_text_is_cut_to_its_room_and_put_on_one_line():
    draw = ImageDraw.Draw(Image.new("RGB", (10, 10)))
    assert fitting(draw, "a\nb  c", font(12), 100) == "a b c"
    cut = fitting(draw, "word " * 50, font(12), 100)
    assert cut.endswith("…")
    assert draw.textlength(cut, font(12)) <= 100
    assert fitting(draw, "abc", font(12), 0) == "…"
