from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signpipe.errors import SignpipeError
from signpipe.tables import csv_text, read_table, read_text, write_table

TEXT = st.text(st.characters(codec="utf-8"))
HERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def rows(path: Path) -> list[tuple[int, tuple[str, ...]]]:
    return list(read_table(path).rows)


@HERE
@given(st.binary() | TEXT.map(str.encode) | st.text("ab,;\t\"'=\r\n\0\ufeff").map(str.encode))
def test_any_bytes_are_rows_or_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        table = read_table(path)
    except SignpipeError as error:
        assert "any.csv" in str(error)
    else:
        assert all(len(cells) == len(table.columns) for _, cells in table.rows)
        assert all(any(cell.strip() for cell in cells) for _, cells in table.rows)


CELL = TEXT | st.builds(str.__add__, st.sampled_from(("=", "+", "-", "@", "'", "'=", "\r")), TEXT)


@HERE
@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=5))
def test_what_is_written_is_read_back(tmp_path: Path, written: list[tuple[str, ...]]) -> None:
    path = tmp_path / "table.csv"
    write_table(path, ("a", "b", "c"), written)
    # Only a row of nothing but blanks says nothing.
    kept = [row for row in written if any(cell.strip() for cell in row)]
    assert [cells for _, cells in rows(path)] == kept


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd", "-2+3", "\t=1", "'=1", "-x"])
def test_no_spreadsheet_runs_a_cell(cell: str) -> None:
    text = csv_text([(cell, "x")])
    assert text.lstrip('"').startswith("'")


def test_numbers_stay_numbers() -> None:
    assert csv_text([("-0.5", "+1e-3", -2, None, "it's")]) == "-0.5,+1e-3,-2,,it's\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_whatever_spreadsheets_save(
    tmp_path: Path, delimiter: str, encoding: str, ending: str
) -> None:
    path = tmp_path / "a.csv"
    lines = ['Path,"La,bel"', "a.mp4,grüß", '"x, y",', ",,", ""]
    text = ending.join(lines).replace(",", delimiter)
    path.write_bytes(text.encode(encoding))
    table = read_table(path)
    assert table.columns == ("Path", f"La{delimiter}bel")
    assert table.rows == ((2, ("a.mp4", "grüß")), (3, (f"x{delimiter} y", "")))


def test_the_encoding_that_is_guessed_is_told(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.csv").write_bytes("path\nCafé\n".encode("cp1252"))
    assert read_text(tmp_path / "a.csv") == read_text(tmp_path / "a.csv") == "path\nCafé\n"
    assert capsys.readouterr().err.count("is read as Windows-1252") == 1


def test_the_delimiter_is_the_headers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("path;label\na;one, two, three\n")
    assert rows(tmp_path / "a.csv") == [(2, ("a", "one, two, three"))]
    (tmp_path / "a.csv").write_text("sep=;\npath;x,y\na;b\n")
    assert read_table(tmp_path / "a.csv").columns == ("path", "x,y")
    assert rows(tmp_path / "a.csv") == [(3, ("a", "b"))]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.xlsx", b"junk", "spreadsheet's own file, not a CSV"),
        ("a.csv", b"PK\x03\x04\x14\0", "spreadsheet's own file, not a CSV"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1", "spreadsheet's own file, not a CSV"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n  \n", "is empty"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0", "it is no text"),
        ("a.csv", b"\xff\xfea", "it is no text"),
        ("a.csv", b"a,a\n1,2\n", "the column a twice"),
        ("a.csv", b"a,b\n1,2,3\n", "line 2 has 3 cells, but the first row names 2"),
        ("a.csv", b"a,,b\n1,2,3\n", "line 2: its column 2 has no name"),
        ("a.csv", b'a,b\n1,"2\n3,4\n', "after line 1: .*mend"),
        ("none.csv", None, "cannot read .*none.csv"),
    ],
)
def test_the_rest_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SignpipeError, match=complaint):
        read_table(path)


def test_empty_columns_and_rows_of_spreadsheets_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,,\n1,2,,\n,,,\n3\n")
    assert read_table(tmp_path / "a.csv").columns == ("a", "b")
    assert list(read_table(tmp_path / "a.csv").dicts("b")) == [
        {"a": "1", "b": "2"},
        {"a": "3", "b": ""},
    ]
    with pytest.raises(SignpipeError, match="no column c, d"):
        list(read_table(tmp_path / "a.csv").dicts("c", "a", "d"))
