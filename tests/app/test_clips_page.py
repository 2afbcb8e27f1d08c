"""The pages Clips and Results in a real browser, from the first upload to the report."""

import os
import shutil
from pathlib import Path

import pytest
from browser import violations

from signpipe.cliptable import Clip, read_clips, write_clips
from signpipe.workspace import Workspace

SIGNS = ("drum", "juggle")
FOCUSED = """(({ activeElement: at }) =>
    at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent)(document)"""


@pytest.fixture(scope="module")
def folder(demo_clips, tmp_path_factory) -> Path:
    """A person's folder: two signs, a clip of each, and a file that is no video."""
    folder = tmp_path_factory.mktemp("own") / "my signs"
    for sign in SIGNS:
        (folder / sign).mkdir(parents=True)
        shutil.copy(demo_clips / sign / "ada_0.mp4", folder / sign)
    (folder / "notes.txt").write_text("not a video")
    return folder


def look(page, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if place := os.environ.get("SIGNPIPE_SCREENSHOTS"):
        page.screenshot(path=Path(place, f"{name}.png"), full_page=True)


def fits_everyone(page, axe: str, name: str) -> None:
    for width, height in ((390, 844), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page, axe) == [], (name, scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            look(page, f"{name}-{width}-{scheme}")


def tab_to(page, name: str, *, back: bool = False) -> None:
    """Press Tab until something with this label or text has the focus."""
    for _ in range(60):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate(FOCUSED) == name:
            return
    raise AssertionError(f"{name} is not reached")


def test_from_a_folder_to_clips_and_their_report_by_keyboard_alone(visits, folder, axe):
    page = visits.open(None, view="clips")
    page.wait_for_selector("text=There are no clips yet.")
    fits_everyone(page, axe, "clips-empty")
    with page.expect_file_chooser() as chooser:
        tab_to(page, "Choose a folder")
        page.keyboard.press("Enter")
    chooser.value.set_files(folder)
    page.wait_for_selector("text=2 files added. 1 other file passed over.")
    videos = visits.running.workspace / "videos"
    assert sorted(path.parent.name for path in videos.rglob("*.mp4")) == [*SIGNS]

    tab_to(page, "Start: Find hands and body")
    page.keyboard.press("Enter")
    page.wait_for_selector("h2:has-text('“Find hands and body” is done.')")
    page.wait_for_selector("canvas[data-drawn]")
    page.wait_for_selector("text=1 to 2 of 2 clips")
    assert page.locator(".gallery .group .head").all_inner_texts() == [*SIGNS]
    opened = Path(f"/proc/{visits.running.process.pid}/maps").read_text()
    assert "torch" not in opened  # who looks at clips does not wait for what answers signs

    tab_to(page, "Bin (0)")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("h2:has-text('juggle')")
    page.wait_for_selector("[aria-label='Skeleton of juggle']")
    fits_everyone(page, axe, "clips")
    tab_to(page, "Sign")
    page.keyboard.type("throw balls")
    page.keyboard.press("Tab")
    page.keyboard.type("ada")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1 clip changed.")
    table = visits.running.workspace / "clips.csv"
    assert "throw balls,ada" in table.read_text(encoding="utf-8")

    page.wait_for_selector("[role=option]:focus")
    page.keyboard.press("End")
    page.wait_for_selector("[role=option]:focus:has-text('throw balls')")
    page.keyboard.press("Delete")
    page.wait_for_selector("text=1 to 1 of 1 clip")
    assert "throw balls" not in table.read_text(encoding="utf-8")
    tab_to(page, "Bin (1)", back=True)
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=option]:has-text('throw balls')")
    page.keyboard.press("Tab")
    tab_to(page, "Take back")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1 clip is back.")
    tab_to(page, "Back to the clips", back=True)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1 to 2 of 2 clips")
    tab_to(page, "Bin (0)")
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    page.wait_for_selector("text=1 to 1 of 1 clip")
    page.keyboard.press("Control+z")
    page.wait_for_selector("text=1 to 2 of 2 clips")
    assert "throw balls,ada" in table.read_text(encoding="utf-8")

    tab_to(page, "Results", back=True)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=There are no results yet.")
    fits_everyone(page, axe, "results-empty")
    tab_to(page, "The clips")
    page.keyboard.press("Enter")
    tab_to(page, "Make it")
    page.keyboard.press("Enter")
    page.wait_for_selector("iframe.report:not([hidden])")
    report = page.frame_locator("iframe.report")
    report.locator("h1").wait_for()
    fits_everyone(page, axe, "results")


def drop(page, folder: Path) -> None:
    """Drop a folder of this machine on the page, as a hand does."""
    box = page.locator(".drop").bounding_box()
    at = {"x": box["x"] + 20, "y": box["y"] + 20}
    files = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    devices = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        devices.send("Input.dispatchDragEvent", {"type": kind, **at, "data": files})


def test_two_windows_see_the_same_job_and_either_stops_it(visits, folder):
    """The folder again, dropped and under another sign: it is extracted anew."""
    first, second = (visits.open(None, view="clips") for _ in range(2))
    first.fill("#upload-sign", "another")
    drop(first, folder)
    first.wait_for_selector("text=2 files added. 1 other file passed over.")
    first.click("text=Do all of it")
    second.wait_for_selector("h2:has-text('“All in one” is running.')")
    second.click(".job button:has-text('Stop')")
    for page in (first, second):
        page.wait_for_selector("h2:has-text('“All in one” was stopped')")
        assert page.get_by_role("button", name="Go on", exact=True).is_visible()


def test_labels_that_people_write_are_text_whatever_they_hold(visits):
    """As they may stand in a table that came from elsewhere."""
    workspace = Workspace(visits.running.workspace)
    clips = [*read_clips(workspace.clips).values()]
    odd = ("<img src=x onerror='hacked = 1'>", "\"'><script>hacked = 1</script>", "x" * 10_000)
    odd += ("right\u202eot left", "")
    added = [Clip(f"odd/{n}", label=label, status="ok") for n, label in enumerate(odd)]
    write_clips(workspace.clips, [*clips, *added])
    page = visits.open(None, view="clips", viewport={"width": 390, "height": 844})
    for label in odd[:2]:
        page.locator(".clip", has_text=label).click()
        page.locator(".clip-panel h2", has_text=label).wait_for()
    page.get_by_role("button", name="More").click()
    page.locator(".clip", has_text="xxxxxx").click()
    page.locator(".clip-panel h2", has_text="xxxxxx").wait_for()
    look(page, "clips-odd")
    for part in (".group .head >> nth=-2", ".clip-panel .between"):
        assert page.locator(part).bounding_box()["height"] < 50, part
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.locator(".gallery img, .gallery script, .clip-panel img").count() == 0
    write_clips(workspace.clips, clips)
