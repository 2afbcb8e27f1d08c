import pytest

from signpipe.errors import SignpipeError
from signpipe.settings import FinetuneSettings, PretrainSettings, resolve
from signpipe.training.begun import Begun
from signpipe.training.training_runs import begin
from signpipe.workspace import write_json


def begun_with(folder, redo=False, **changes):
    settings = resolve(PretrainSettings, "paper", changes=changes).model_dump(mode="json")
    begin(folder, settings, {}, "result", redo)
    return settings


def test_a_bare_command_goes_on_with_what_the_run_was_begun_with(tmp_path):
    settings = begun_with(tmp_path / "run", epochs=20)
    begun = Begun.of(tmp_path / "run", False)
    assert begun.settings(PretrainSettings).model_dump(mode="json") == settings
    changed = begun.settings(PretrainSettings, changes={"encoder.layers": 2})
    assert (changed.encoder.layers, changed.epochs, changed.encoder.frames) == (2, 20, 64)
    assert begun.settings(PretrainSettings, "compact") == PretrainSettings()
    new = Begun.of(tmp_path / "new", False)
    assert new.settings(PretrainSettings, changes={"epochs": 3}).epochs == 3


def test_a_redo_goes_on_with_its_own_settings_and_begins_with_the_runs(tmp_path):
    folder = tmp_path / "run"
    begun_with(folder, epochs=20)
    assert Begun.of(folder, True).settings(PretrainSettings).epochs == 20
    begun_with(folder, True, epochs=30)
    assert Begun.of(folder, True).settings(PretrainSettings).epochs == 30
    assert Begun.of(folder, False).settings(PretrainSettings).epochs == 20


def test_an_encoder_brings_its_sizes_whatever_they_were(tmp_path):
    settings = FinetuneSettings().model_dump(mode="json", exclude={"encoder"})
    begin(tmp_path / "run", settings, {}, "result", False)
    assert Begun.of(tmp_path / "run", False).settings(FinetuneSettings) == FinetuneSettings()
    before = {**settings, "encoder": {"frames": 8}}  # as it was recorded once
    begin(tmp_path / "old", before, {}, "result", False)
    assert begin(tmp_path / "old", settings, {}, "result", False)


def test_settings_that_are_no_longer_possible_are_said_with_the_mend(tmp_path):
    begun_with(tmp_path / "run")
    write_json(tmp_path / "run" / "settings.json", {"settings": {"epochs": -1}, "inputs": {}})
    with pytest.raises(SignpipeError, match="no longer possible .*--redo --preset compact"):
        Begun.of(tmp_path / "run", False).settings(PretrainSettings)
