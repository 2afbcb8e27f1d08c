"""The page Search in a real browser: a sign is looked up by video, and by the camera."""

import pytest
from browser import signing, violations, write_camera
from test_clips_page import look

from signpipe.extraction import import_keypoints
from signpipe.landmarks.pack import write_pack
from signpipe.search.traits import MOVEMENTS, PLACES
from signpipe.workspace import Workspace

SIGNS = ("drink", "house", "tree")


@pytest.fixture
def labelled(running, walk, tmp_path):
    """Made-up clips of three signs in the page's workspace."""
    clips = {f"s{s}/{sign}": walk(n, s, 0) for s in range(3) for n, sign in enumerate(SIGNS)}
    write_pack(tmp_path / "made_up.h5", clips)
    rows = [f"{name},{name.split('/')[1]},{name.split('/')[0]}" for name in clips]
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(["clip_id,label,signer", *rows]) + "\n")
    import_keypoints.run(Workspace(running.workspace), [tmp_path / "made_up.h5"], labels=labels)


def test_a_dictionary_is_made_and_searched(visits, labelled, demo_clips, tmp_path, axe):
    camera = tmp_path / "cleo.mjpeg"
    write_camera(camera, signing(demo_clips / "drum" / "cleo_0.mp4"))
    page = visits.open(camera, view="search")
    page.wait_for_selector("text=There is no dictionary yet.")
    page.click("text=Make the dictionary")
    page.wait_for_selector("h2:has-text('“Make the dictionary” is done.')")
    page.wait_for_selector("text=Bring the dictionary up to date")
    page.set_input_files("[aria-label='A video of one sign']", demo_clips / "drum" / "ada_0.mp4")
    page.wait_for_selector(".found li:nth-child(3)")
    assert sorted(page.locator(".found h3").all_inner_texts()) == [*SIGNS]
    assert page.locator(".found canvas").count() == 9  # each signer's
    page.wait_for_function(
        """() => [...document.querySelectorAll(".found canvas")].map((canvas) => {
          const now = canvas.toDataURL();
          canvas.first ??= now;
          return canvas.moved ||= canvas.first !== now;
        }).every(Boolean)"""
    )  # they play
    for width, height in ((390, 844), (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page, axe) == [], (scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, width
            look(page, f"search-{width}-{scheme}")
    page.locator("#only-hands").focus()
    page.keyboard.press("ArrowDown")
    assert page.input_value("#only-hands") == "1"
    page.select_option("#only-hands", "2")
    page.wait_for_selector("text=Nothing was found")
    assert page.locator(".found li").count() == 0
    page.select_option("#only-hands", "")
    page.wait_for_selector(".found li:nth-child(3)")
    for name, kinds in (("place", PLACES), ("movement", MOVEMENTS)):
        for kind in kinds:
            with page.expect_response(f"**/search?*{name}={kind}*") as narrowed:
                page.select_option(f"#only-{name}", kind)
            signs = [one["sign"] for one in narrowed.value.json()["signs"]]
            page.wait_for_function(
                "count => document.querySelectorAll('.found li').length === count", arg=len(signs)
            )
        page.select_option(f"#only-{name}", "")
        page.wait_for_selector(".found li:nth-child(3)")
    with page.expect_response("**/search?shown=*") as answer:  # what the camera shows
        page.get_by_role("button", name="Show a sign").click()
    assert [one["sign"] for one in answer.value.json()["signs"]]
