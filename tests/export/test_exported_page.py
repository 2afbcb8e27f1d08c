"""The exported page in a real browser: video files, the camera, teaching, and no network."""

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from browser import launch, signing, violations, write_camera
from static_server import serving

from signpipe.export.web_folder import write_web
from signpipe.landmarks.formats.page_takes import read_page_takes
from signpipe.recognizer import Recognizer
from signpipe.video.read import Video
from signpipe.video.write import write_video

OWN_PAGE = Path(__file__).parents[2] / "examples" / "in_a_browser" / "own_page.html"
ANSWERED = ".answer:not(:empty), #trouble:not(:empty)"
LOOK = """async (id) => {
  const { clipOf } = await import("./video_frames.js");
  const file = document.getElementById(id).files[0];
  const { recognizer } = window.signpipe;
  const clip = await clipOf(recognizer, file);
  const begun = performance.now();
  const { logits } = await recognizer.decide(clip.frames, clip.width, clip.height);
  const answered = performance.now() - begun;
  const parts = clip.frames.map((frame) => Object.fromEntries(
    Object.entries(frame).map(([part, values]) => [part, values && Array.from(values)])));
  return { logits, answered, parts, times: clip.times };
}"""


@pytest.fixture(scope="module")
def recognizer(recognizers):
    """Of one stream, with another number of frames, and of many signs with all sorts of names."""
    signs = ("house", "بيت", 'the "tree"', "<b>bold</b>", *(f"sign {i}" for i in range(1996)))
    return recognizers(signs=signs, frames=7, streams="joint")


@pytest.fixture(scope="module")
def page(recognizer, packages, tmp_path_factory):
    """The address of an exported page."""
    folder = tmp_path_factory.mktemp("web") / "page"
    write_web(recognizer, folder, assets=packages)
    shutil.copy(OWN_PAGE, folder)
    with serving(folder) as address:
        yield address


@pytest.fixture(scope="module")
def short(demo_clips, tmp_path_factory):
    """Ten frames of a drawn signer whose hands are up."""
    path = tmp_path_factory.mktemp("clip") / "short.mp4"
    with Video(sorted((demo_clips / "wave").glob("*.mp4"))[0]) as video:
        frames = [pixels for _, pixels in video]
    write_video(path, frames[10:20], 25)
    return path


@pytest.fixture(scope="module")
def camera(demo_clips, tmp_path_factory):
    """What a camera sees of a drawn signer: a sign, slowly, between rests."""
    path = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    clip = sorted((demo_clips / "wave").glob("*.mp4"))[0]
    write_camera(path, signing(clip, rest=1.5, slower=2.5))
    return path


class Visit:
    """A browser on the page; what it asks for, and what goes wrong."""

    def __init__(self, playwright, page, camera=None, view="", **options):
        self.browser = launch(playwright, camera)
        self.context = self.browser.new_context(accept_downloads=True, **options)
        self.context.set_default_timeout(60_000)
        self.page = self.context.new_page()
        self.asked, self.wrong = [], []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(f"{page}/#{view}")
        self.page.wait_for_selector("nav a[aria-current]")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.close()


def test_a_video_file_is_seen_and_named_as_in_python_and_nothing_leaves(
    playwright, page, recognizer, short
):
    with Visit(playwright, page, view="video") as visit:
        visit.page.set_input_files("#file", short)
        visit.page.wait_for_selector(ANSWERED)
        named = visit.page.inner_text(".answer")
        found = visit.page.evaluate(LOOK, "file")
        # All of it is there without a network, after a reload as well.
        visit.context.set_offline(True)
        visit.page.reload()
        visit.page.wait_for_selector("#file")
        visit.context.set_offline(False)
        assert visit.wrong == []
        hosts = {urlsplit(url).netloc for url in visit.asked if not url.startswith("blob:")}
        assert hosts == {urlsplit(page).netloc}
    made = Recognizer.load(recognizer)
    seen = made.extract(short)
    expected = made.decide(seen.landmarks, width=seen.width, height=seen.height)
    assert named in [sign for sign, _ in expected.signs[:5]]
    assert len(found["parts"]) == len(seen.landmarks) == 10
    np.testing.assert_allclose(found["times"], seen.landmarks.times, atol=1e-3)
    for part, numbers, near in (
        ("pose", 4, 0.001),
        ("left_hand", 3, 0.003),
        ("right_hand", 3, 0.003),
    ):
        theirs = [frame[part] for frame in found["parts"]]
        is_seen = [values is not None for values in theirs]
        assert is_seen == seen.landmarks.seen(part).tolist()
        apart = [
            np.array(values).reshape(-1, numbers)[:23, :2] - ours[:23, :2]
            for values, ours in zip(theirs, getattr(seen.landmarks, part), strict=True)
            if values is not None
        ]
        assert apart and np.abs(apart).mean() < near, part


def test_before_a_camera_it_answers_is_taught_and_gives_its_takes_away(
    playwright, page, camera, tmp_path
):
    with Visit(playwright, page, camera, view="live") as visit:
        visit.page.wait_for_selector(".answer:not(:empty)")
        assert visit.page.inner_text(".history li b") == visit.page.inner_text(".answer")
        visit.page.fill("#it-was", "wave")
        visit.page.click("form.wrong button")
        visit.page.click("#to-takes")
        visit.page.wait_for_selector(".taught li h3")
        assert visit.page.inner_text(".taught li h3") == "wave"
        with visit.page.expect_download() as download:
            visit.page.get_by_text("Save all takes to a file").click()
        download.value.save_as(tmp_path / "takes.json")
        visit.page.reload()  # what was taught is still there
        visit.page.wait_for_selector(".taught li h3")
        assert visit.wrong == []
    (take,) = read_page_takes(tmp_path / "takes.json")
    assert (take.sign, len(take.landmarks) > 3) == ("wave", True)
    assert take.landmarks.seen("pose").all()


def test_a_page_of_ones_own_answers_as_the_guide_says(playwright, page, camera):
    script = OWN_PAGE.read_text().split('<script type="module">\n')[1].split("</script>")[0]
    assert script in (OWN_PAGE.parent / "README.md").read_text()
    browser = launch(playwright, camera)
    shown = browser.new_page()
    shown.goto(f"{page}/{OWN_PAGE.name}")
    shown.wait_for_selector("output:not(:empty)", timeout=60_000)
    browser.close()


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("delete globalThis.WebAssembly", "This browser has no WebAssembly. Use a newer one."),
        ("WebAssembly.validate = () => false", "This browser has no SIMD in WebAssembly"),
        (
            "HTMLCanvasElement.prototype.getContext = () => null",
            "This browser has no WebGL 2, which finding hands needs.",
        ),
    ],
)
def test_what_the_browser_lacks_is_one_clear_sentence(playwright, page, before, said):
    browser = launch(playwright, None)
    shown = browser.new_page()
    shown.add_init_script(before)
    shown.goto(page)
    shown.wait_for_selector("main [role=alert]")
    assert shown.inner_text("main [role=alert]").startswith(said)
    browser.close()


def test_without_a_camera_or_with_one_refused_the_page_says_so(playwright, page, axe_if_any):
    with Visit(playwright, page, None, viewport={"width": 390, "height": 844}) as visit:
        visit.page.get_by_text("No camera was found").wait_for()
        visit.page.evaluate(
            "() => { navigator.mediaDevices.getUserMedia = async () => {"
            " throw new DOMException('no', 'NotAllowedError'); }; }"
        )
        visit.page.get_by_role("button", name="Try again").click()
        visit.page.get_by_text("The camera is blocked. Allow it").wait_for()
        for view in ("live", "teach", "video", "takes"):
            visit.page.click(f"#to-{view}")
            visit.page.wait_for_selector(f"#to-{view}[aria-current]")
            for scheme in ("light", "dark"):
                visit.page.emulate_media(color_scheme=scheme)
                assert not axe_if_any or violations(visit.page, axe_if_any) == [], (view, scheme)
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390, view
            assert not visit.page.get_by_text("Keep the video").count()  # landmarks alone are kept
        assert visit.wrong == []
