"""The page in a real browser: what it needs, what it says, and who can use it."""

import re
from pathlib import Path

import numpy as np
import pytest
from browser import signing, violations, write_camera
from page_visits import running_page, visiting

VIEWS = ("live", "teach", "clips", "results")
READY = ".checks .good"
QUICKER = "const now = performance.now.bind(performance); performance.now = () => 20 * now();"


@pytest.fixture(scope="module")
def drummer(demo_clips, tmp_path_factory) -> Path:
    """A camera before a drawn person who drums, and rests, and drums."""
    path = tmp_path_factory.mktemp("camera") / "drum.mjpeg"
    write_camera(path, signing(demo_clips / "drum" / "ada_0.mp4"))
    return path


def rows_of(running) -> list[str]:
    """The clip table's rows."""
    path = running.workspace / "clips.csv"
    return path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []


def test_every_view_is_open_to_everyone(visits, drummer, axe):
    page = visits.open(drummer, viewport={"width": 390, "height": 844})
    page.wait_for_selector(READY)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for view in VIEWS:
            page.click(f"#to-{view}")
            page.wait_for_selector(f"#to-{view}[aria-current]")
            page.wait_for_selector("h1")
            assert violations(page, axe) == [], (scheme, view)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, (scheme, view)


def test_the_picture_is_judged_and_the_switch_turns_it(visits, drummer):
    page = visits.open(drummer)
    page.wait_for_selector(READY)
    for words in ("Shoulders in view", "Left hand in view", "Right hand in view", "Light good"):
        page.wait_for_selector(f".checks li:has-text('{words}')")
    page.locator(".rate", has_text=re.compile(r"\d")).wait_for()
    assert page.locator(".picture.mirrored").count() == 1
    page.get_by_label("Mirrored view").press("Space")
    assert page.locator(".picture.mirrored").count() == 0
    page.reload()  # with the cookie alone, and the switch as it was left
    page.wait_for_selector(READY)
    assert page.locator(".picture.mirrored").count() == 0


def test_a_take_by_keyboard_alone(visits, drummer):
    page = visits.open(drummer, view="teach", viewport={"width": 1280, "height": 800})
    page.wait_for_selector(READY)
    page.keyboard.press("Tab")  # skip link, pages, switch, then the form
    for _ in range(12):
        if page.evaluate("document.activeElement.id") == "sign":
            break
        page.keyboard.press("Tab")
    page.keyboard.type("drum")
    page.keyboard.press("Tab")
    page.keyboard.type("ada")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Recording …")
    page.wait_for_selector("text=Is this a good “drum”?")
    in_the_way = visits.running.workspace / "keypoints" / "takes" / "drum"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("a file where a folder should be")
    assert page.evaluate("document.activeElement.textContent") == "Keep"
    page.keyboard.press("Enter")
    page.wait_for_selector("#trouble:has-text('then press “Keep” again')")
    in_the_way.unlink()
    assert page.evaluate("document.activeElement.textContent") == "Keep"
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Kept. “drum” has 1 take.")
    assert page.locator("#trouble").inner_text() == ""
    [row] = rows_of(visits.running)
    assert re.match(r"takes/drum/ada-[\d-]+,camera,drum,ada,", row)
    page.click("text=Take 1")
    page.wait_for_selector("[aria-label='A take of drum']")
    page.click("[aria-label='Remove take 1 of drum']")
    page.wait_for_selector("text=Take 1 of “drum” is removed.")
    page.wait_for_selector("h2:has-text('Taught signs')", state="hidden")


def test_a_page_that_is_loaded_again_in_the_middle_of_a_take(visits, drummer):
    before = rows_of(visits.running)
    page = visits.open(drummer, view="teach")
    page.wait_for_selector(READY)
    page.fill("#sign", "drum")
    page.click("button:has-text('Record') >> nth=0")
    page.wait_for_selector("text=Recording …")
    page.reload()
    page.wait_for_selector(READY)
    page.wait_for_selector("#sign")
    assert rows_of(visits.running) == before


def test_two_browsers_take_turns(visits, drummer):
    first = visits.open(drummer)
    first.wait_for_selector(READY)
    second = visits.open(drummer)
    second.wait_for_selector("text=signpipe is open in another window")
    second.click("text=Use it here")
    second.wait_for_selector(READY)
    first.wait_for_selector("text=signpipe is open in another window")
    second.close()
    first.click("text=Use it here")
    first.wait_for_selector(".notice", state="hidden")


def test_without_a_camera_it_says_what_to_do(visits):
    page = visits.open(None)
    page.wait_for_selector("text=No camera was found. Plug one in")
    assert page.get_by_role("button", name="Try again").is_visible()


def test_a_camera_that_is_refused_or_taken(visits, drummer):
    page = visits.open(drummer, "--deny-permission-prompts", view="live")
    page.wait_for_selector(READY)
    for name, words in (
        ("NotAllowedError", "camera is blocked"),
        ("NotReadableError", "Another program has the camera"),
    ):
        page.evaluate(
            "name => { navigator.mediaDevices.getUserMedia = async () => {"
            " throw new DOMException('no', name); }; }",
            name,
        )
        page.click("#to-teach")
        page.wait_for_selector(f"text={words}")
        page.click("#to-live")
        page.wait_for_selector(f"text={words}")


def test_a_connection_that_breaks_comes_back(visits, drummer):
    opened = []

    def between(socket) -> None:
        socket.connect_to_server()
        opened.append(socket)

    page = visits.open(drummer, sockets=between)
    page.wait_for_selector(READY)
    opened[0].close()
    page.wait_for_selector("text=signpipe does not answer")
    page.wait_for_selector(".notice", state="hidden")
    assert len(opened) == 2


def test_ten_seconds_without_hands_are_told(visits, tmp_path, demo_clips):
    """Of a clock that runs faster than the camera, which shows nobody, and then head and chest."""
    film = [frame[:160] for frame in signing(demo_clips / "drum" / "ada_0.mp4", rest=3)[:80]]
    write_camera(tmp_path / "camera.mjpeg", [np.full_like(film[0], 128)] * 80 + film)
    page = visits.open(tmp_path / "camera.mjpeg", script=QUICKER)
    page.wait_for_selector(".notice:has-text('Nobody is in the picture.')")
    page.wait_for_selector(".checks li:has-text('Shoulders not in view')")
    page.wait_for_selector(".notice:has-text('No hands have been in view for ten seconds.')")
    page.wait_for_selector(".checks li:has-text('Left hand not in view')")
    page.wait_for_selector(".checks li:has-text('Shoulders in view')")


def test_when_the_server_is_gone_it_says_so(playwright, drummer, tmp_path):
    with running_page(tmp_path) as running, visiting(playwright, running) as visits:
        page = visits.open(drummer)
        page.wait_for_selector(READY)
        running.process.terminate()
        page.wait_for_selector("text=signpipe does not answer")
        visits.wrong.clear()  # the browser itself tells of connections that are refused
