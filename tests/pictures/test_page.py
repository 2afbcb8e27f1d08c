import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from pages import ODD, Reader, assert_self_contained

from signpipe.pictures.page import Card, Page, Share, escape

PNG = b"\x89PNG\r\n\x1a\n"


def full(text: str) -> Page:
    """A page with everything that a page can hold, `text` in every place."""
    figure = Figure(figsize=(2, 1))
    figure.add_subplot().plot([1, 2])
    page = Page(text, text).heading(text).text(text).warning(text).facts([(text, text)])
    page.table([text, "n"], [[text, 1], [text, None]], text).heading(text).heading(text)
    page.picture(PNG, text, text).figure(figure, text, text)
    return page.cards([Card(PNG, text, text, text), Card(None, text, text)])


def test_a_page_is_self_contained():
    source = full("plain").html()
    assert_self_contained(source)
    assert source.count('src="data:image/png;base64,') == 2
    assert source.count('src="data:image/svg+xml;base64,') == 1
    assert "default-src 'none'" in source
    assert 'name="viewport"' in source
    assert "prefers-color-scheme: dark" in source


def test_odd_text_is_shown_and_never_obeyed():
    source = full(ODD).html()
    assert_self_contained(source)
    source.encode()
    assert "<script>alert(1)</script>\\n" in Reader(source).words
    assert len(Reader(source).elements) == len(Reader(full("plain").html()).elements)


@given(st.text(st.characters(codec=None), max_size=40))
def test_any_text_is_escaped_and_can_be_written(text):
    shown = escape(text)
    shown.encode()
    assert not set("<>\"'\n\r\0") & set(shown)


def test_headings_are_listed_once_there_are_several():
    assert "<nav" not in Page("t").heading("one").heading("two").html()
    source = Page("t").heading("one").heading("two").heading("three").html()
    hrefs = [a["href"] for tag, a in Reader(source).elements if tag == "a"]
    ids = [a["id"] for tag, a in Reader(source).elements if tag == "h2"]
    assert hrefs == [f"#{name}" for name in ids]
    assert len(set(ids)) == 3


def test_numbers_stand_right_and_what_is_not_known_is_a_dash():
    rows = [["tree", 1234, 0.5, Share(0.25)], ["house", None, float("nan"), Share(None)]]
    source = Page("t").table(["sign", "clips", "rate", "right"], rows).html()
    assert '<td>tree</td><td class="n">1,234</td><td class="n">0.50</td>' in source
    assert source.count('class="n">&ndash;</td>') == 3
    assert "<b>25%</b>" in source
    assert '<th scope="col">sign</th><th scope="col" class="n">clips</th>' in source


def test_a_column_of_words_and_numbers_stands_left():
    assert "<td>7</td>" in Page("t").table(["a"], [["x"], [7]]).html()


def test_a_table_without_rows_still_has_its_head():
    assert "sign</th>" in Page("t").table(["sign"], []).html()


def test_a_row_of_the_wrong_length_is_a_mistake():
    with pytest.raises(ValueError):
        Page("t").table(["a", "b"], [["x"]])


def test_the_same_page_gives_the_same_bytes():
    assert full("x").html() == full("x").html()


def test_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "page.html"
    Page("t").text("ü").write(path)
    assert "ü" in path.read_text(encoding="utf-8")
    assert [file.name for file in path.parent.iterdir()] == ["page.html"]
    with pytest.raises(OSError):
        Page("t").write(tmp_path / "new" / "page.html" / "below")
