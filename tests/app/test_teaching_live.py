"""Signs taught through the page with one take each, and shown to it again by someone else."""

from pathlib import Path

import pytest
from browser import signing, violations, write_camera

TAUGHT = {"drum": "drum", "curtain": "open_curtain", "wave": "wave"}  # names, and demo gestures
FOURTH = "count_two"


@pytest.fixture(scope="module")
def camera(demo_clips, tmp_path_factory):
    """`camera(signer, *gestures)`: a file for the camera of a drawn person who signs them."""

    def write(signer: str, *gestures: str) -> Path:
        path = tmp_path_factory.mktemp("camera") / f"{signer}.mjpeg"
        clips = [demo_clips / gesture / f"{signer}_0.mp4" for gesture in gestures]
        write_camera(path, [frame for clip in clips for frame in signing(clip)])
        return path

    return write


def test_three_signs_are_taught_and_recognised(visits, camera, axe_if_any):
    for sign, gesture in TAUGHT.items():
        page = visits.open(camera("ada", gesture), view="teach")
        page.wait_for_selector(".checks .good")
        page.fill("#sign", sign)
        page.fill("#signer", "ada")
        page.click("button:has-text('Record') >> nth=0")
        page.click("button:has-text('Keep'):not(:disabled)")
        page.wait_for_selector(f"text=Kept. “{sign}” has 1 take.")
        page.context.browser.close()
    page = visits.open(camera("cleo", *TAUGHT.values(), FOURTH), view="live")
    page.wait_for_selector(f"text=It knows 3 signs: {', '.join(TAUGHT)}.")
    # One round of the camera's film, wherever it begins, and then a little of the next.
    page.locator(".history li").nth(4).wait_for()
    told = page.locator(".history li b").all_inner_texts()[::-1]
    rounds = [*TAUGHT, "None of these"] * 3
    begin = rounds.index(told[0])
    # Four signs a round, and no more: nothing is said while hands rest.
    assert told == rounds[begin : begin + len(told)]
    page.wait_for_selector(".player canvas[aria-label^='The nearest take you taught']")
    correct(page, visits.running.workspace)
    look_at(page, axe_if_any)


def correct(page, workspace: Path) -> None:
    """Say of the fourth sign what it was: it is taught from."""
    page.get_by_role("button", name="Wrong? None of these").first.click()
    page.get_by_label("Not “None of these”? It was").fill("two")
    page.click("button:has-text('Teach it')")
    page.wait_for_selector("text=Learned: that was “two”.")
    page.wait_for_selector("text=It knows 4 signs:")
    rows = (workspace / "clips.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [row.split(",")[2] for row in rows] == [*TAUGHT, "two"]


def look_at(page, axe: str) -> None:
    """All that taught signs add to the page is open to everyone, and fits a phone."""
    page.set_viewport_size({"width": 390, "height": 844})
    for view, sign in (("live", ".answer:not(:empty)"), ("teach", ".taught li")):
        page.click(f"#to-{view}")
        page.locator(sign).first.wait_for()
        if view == "teach":
            page.click("[aria-label='Show take 1 of drum']")
            page.locator("[aria-label='A take of drum']").wait_for()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert not axe or violations(page, axe) == [], (view, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
