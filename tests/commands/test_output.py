from pathlib import Path

from signpipe.commands import output
from signpipe.commands.predict import _as_lines
from signpipe.prediction import Prediction


def test_the_next_command_can_be_pasted():
    assert output.next_command("pretrain", Path("workspace")) == "next: signpipe pretrain"
    spaced = output.next_command("pretrain", Path("my work/it's"))
    assert spaced == """next: signpipe pretrain -w 'my work/it'"'"'s'"""


def test_labelled_clips_are_learned_next_and_others_pretrained_with(signs_workspace):
    root = signs_workspace.root
    assert output.training_command(root) == f"next: signpipe finetune -w {root}"
    signs_workspace.clips.write_text(signs_workspace.clips.read_text().replace(",drink,", ",,"))
    assert "finetune" in output.training_command(root)
    signs_workspace.clips.write_text(signs_workspace.clips.read_text().replace(",house,", ",,"))
    assert "pretrain" in output.training_command(root)  # one sign alone can be told from nothing


def test_a_prediction_is_a_line(capsys):
    given = iter(
        [
            Prediction("a.mp4", "ok", "", (("house", 0.756), ("tree", 0.2))),
            Prediction("b.mp4", "nobody", "no person was found in any frame", ()),
        ]
    )
    list(_as_lines(given))
    assert capsys.readouterr().out.splitlines() == [
        "a.mp4: house 76%, tree 20%",
        "b.mp4: nobody (no person was found in any frame)",
    ]


def test_figures_stand_under_their_names(capsys):
    figures = {"top1": 1.0, "top5": 1.0, "mean_class": 0.955}
    output.print_streams({"streams": {"both": figures}})
    assert capsys.readouterr().out.splitlines() == [
        "           top-1   top-5  mean-class",
        "both      100.0%  100.0%       95.5%",
    ]
