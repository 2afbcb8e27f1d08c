"""What tests of HTML pages share: a strict reader, and what every page must be."""

import re
from html.parser import HTMLParser

ODD = "<script>alert(1)</script>\n\"'&amp; \x00 \udcff 日本 \u202e"
VOID = {"meta", "img", "br"}


class Reader(HTMLParser):
    """Elements in order, their attributes and the text; fails where tags do not match."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(source)
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.words += f"{data} "


def assert_self_contained(source: str) -> None:
    """Nothing is loaded from elsewhere, and no script or frame is in it."""
    tags = {tag for tag, _ in Reader(source).elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base", "form"}
    for _, attributes in Reader(source).elements:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("src") or "data:").startswith("data:")
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\(|@import|https?://", source)


def words(source: str) -> str:
    """A page's text on one line; the page must be self-contained."""
    assert_self_contained(source)
    return " ".join(Reader(source).words.split())
