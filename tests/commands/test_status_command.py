from pathlib import Path

from signpipe.commands.status import show
from signpipe.workspace import DEFAULT
from signpipe.workspace_status import StageStatus, Status


def test_a_command_with_hundreds_of_videos_is_shown_on_one_line(capsys):
    stage = StageStatus("extract", "keypoints", "unfinished", "1 of 84 clips")
    videos = [f"videos/{number}.mp4" for number in range(84)]
    show(Status((stage,), " ".join(["extract", *videos, "--labels", "'my labels.csv'"])), DEFAULT)
    *_, said = capsys.readouterr().out.splitlines()
    assert said == (
        "next: signpipe extract videos/0.mp4 videos/1.mp4 ... (and 82 more, as it was first given) "
        "--labels 'my labels.csv'"
    )
    show(Status((stage,), "extract 'my videos' --no-labels"), Path("elsewhere"))
    assert "next: signpipe extract 'my videos' --no-labels -w elsewhere" in capsys.readouterr().out
