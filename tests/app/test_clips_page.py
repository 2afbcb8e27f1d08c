"""The pages Clips and Results in a real browser, from the first upload to the report."""

import os
import shutil
from pathlib import Path

import pytest
from page_visits import violations

SIGNS = ("drum", "juggle")


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


def test_from_a_folder_to_clips_and_their_report(visits, folder, axe):
    page = visits.open(None, view="clips")
    page.wait_for_selector("text=There are no clips yet.")
    fits_everyone(page, axe, "clips-empty")
    page.set_input_files("[aria-label='A folder of videos']", folder)
    page.wait_for_selector("text=2 files added. 1 other file passed over.")
    videos = visits.running.workspace / "videos"
    assert sorted(path.parent.name for path in videos.rglob("*.mp4")) == [*SIGNS]

    page.click("[aria-label='Start: Find hands and body']")
    page.wait_for_selector("h2:has-text('“Find hands and body” is done.')")
    page.wait_for_selector("canvas[data-drawn]")
    page.wait_for_selector("text=1 to 2 of 2 clips")
    assert page.locator(".gallery .group .head").all_inner_texts() == [*SIGNS]

    page.locator("[role=option]").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("h2:has-text('juggle')")
    page.wait_for_selector("[aria-label='Skeleton of juggle']")
    fits_everyone(page, axe, "clips")
    page.fill("#clip-label", "throw balls")
    page.fill("#clip-signer", "ada")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1 clip changed.")
    table = visits.running.workspace / "clips.csv"
    assert "throw balls,ada" in table.read_text(encoding="utf-8")

    page.locator("[role=option]", has_text="throw balls").focus()
    page.keyboard.press("Delete")
    page.wait_for_selector("text=1 to 1 of 1 clip")
    assert "throw balls" not in table.read_text(encoding="utf-8")
    page.click("text=Bin (1)")
    page.wait_for_selector("[role=option]:has-text('throw balls')")
    page.click("text=Back to the clips")
    page.locator("[role=option]").first.focus()
    page.keyboard.press("Control+z")
    page.wait_for_selector("text=1 to 2 of 2 clips")
    assert "throw balls,ada" in table.read_text(encoding="utf-8")

    page.click("#to-results")
    page.wait_for_selector("text=There are no results yet.")
    fits_everyone(page, axe, "results-empty")
    page.get_by_role("button", name="The clips").click()
    page.get_by_role("button", name="Make it").click()
    page.wait_for_selector("iframe.report:not([hidden])")
    report = page.frame_locator("iframe.report")
    report.locator("h1").wait_for()
    fits_everyone(page, axe, "results")


def test_two_windows_see_the_same_job_and_either_stops_it(visits, folder):
    """The folder again, under another sign: it is extracted anew."""
    first, second = (visits.open(None, view="clips") for _ in range(2))
    first.fill("#upload-sign", "another")
    first.set_input_files("[aria-label='A folder of videos']", folder)
    first.wait_for_selector("text=2 files added.")
    first.click("text=Do all of it")
    second.wait_for_selector("h2:has-text('“All in one” is running.')")
    second.click(".job button:has-text('Stop')")
    for page in (first, second):
        page.wait_for_selector("h2:has-text('“All in one” was stopped')")
        assert page.get_by_role("button", name="Go on", exact=True).is_visible()
