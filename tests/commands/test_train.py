"""train, as a person types it."""

import shlex

from typer.testing import CliRunner

from signpipe.cli import app

SETTINGS = (
    "[{}]\nepochs = 1\nbatch_size = 12\nmin_steps_per_epoch = 1\nprecision = 'fp32'\n"
    "encoder = {{frames = 8, joint_channels = [8, 8, 16], part_channels = 32, heads = 4, "
    "hand_feedforward = 32, trunk_feedforward = 32, embedding = 16}}\n"
)


def test_stages_say_what_they_say_alone(make_clip, tmp_path):
    videos, workspace = tmp_path / "videos", tmp_path / "workspace"
    for number in range(6):
        make_clip(videos / ("house", "tree")[number % 2] / f"{number}.mp4", seed=number)
    (videos / "tree" / "broken.mp4").write_bytes(b"no video")
    small = tmp_path / "small.toml"
    small.write_text("".join(map(SETTINGS.format, ("pretrain", "finetune"))))
    words = ["train", str(videos), "-w", str(workspace), "--workers", "1", "--pretrain"]
    words += ["--settings", str(small), "--set", "pretrain.queue=16"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1, done.output  # one clip failed
    said = [
        "7 clips, 36 frames in",
        "unreadable: ",
        "labels: 7 clips with 2 signs",
        f"{workspace / 'parts.h5'} was made: 6 clips",
        "pretrained on 2 clips",
        "2 signs; split stratified by sign",
        "finetuned, run default on split test: 2 clips",
        f"next: signpipe predict CLIP -w {shlex.quote(str(workspace))}",
    ]
    places = [done.output.find(words) for words in said]
    assert -1 not in places and places == sorted(places), done.output
    assert done.output.count("next: ") == 1
    (videos / "tree" / "broken.mp4").unlink()
    for same in (words, words[:7]):  # the runs remember what they were begun with
        again = CliRunner().invoke(app, same)
        assert again.exit_code == 0 and again.output.count("is done already") == 2, again.output
