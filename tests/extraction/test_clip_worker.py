"""What a worker does with one clip."""

from signpipe.extraction.clip_worker import ClipJob, shared_clip_worker
from signpipe.extraction.shared_folder import share
from signpipe.settings import ExtractSettings


def test_a_clip_that_ends_after_its_run_is_not_written(make_clip, tmp_path):
    source = make_clip(tmp_path / "videos/a.mp4")
    keypoints = tmp_path / "keypoints"
    job = ClipJob("a", str(source), keypoints / "a.h5")
    with share(keypoints, [str(source)]) as folder:
        work = shared_clip_worker(ExtractSettings(), folder)
        finish = work.__enter__()
        assert finish(job).status == "ok" and job.pack.exists()
        job.pack.unlink()
    late = finish(job)  # as a worker of a cluster that is still at it after Ctrl-C
    work.__exit__(None, None, None)
    assert late.status == "failed" and "run had ended" in late.reason
    assert not job.pack.exists()
