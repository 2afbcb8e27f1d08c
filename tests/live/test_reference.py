import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from signpipe.errors import SignpipeError
from signpipe.live.learn_reference import shipped_reference
from signpipe.live.reference import FORMAT, Reference, load_reference, save_reference
from signpipe.model.backbone import read_backbone_card
from signpipe.model.class_means import unit_rows
from signpipe.model.shipped import REFERENCE_FILE, SHIPPED_FILE
from signpipe.workspace import sha256_of_file


def some():
    rng = np.random.default_rng(0)
    labels, signers = np.tile(np.repeat(np.arange(4), 8), 3), np.repeat(np.arange(3), 32)
    rows = unit_rows((np.eye(8)[labels] + rng.normal(0, 0.1, (96, 8))).astype(np.float32))
    return Reference.fit("abc", rows, labels, signers), rows


def test_what_is_saved_is_loaded(tmp_path):
    made, rows = some()
    save_reference(tmp_path / "r", made)
    found = load_reference(tmp_path / "r", "abc", 8)
    assert (found.prior, found.clips) == (made.prior, 96) and made.prior is not None
    np.testing.assert_allclose(found.whitening(rows), made.whitening(rows), atol=5e-3)
    save_reference(tmp_path / "n", Reference.none("abc", 8))
    none = load_reference(tmp_path / "n", "abc", 8)
    assert none.prior is None and none.clips == 0
    np.testing.assert_allclose(none.whitening(rows), rows, atol=1e-6)


def test_of_another_encoder_or_width_it_is_refused(tmp_path):
    save_reference(tmp_path / "r", some()[0])
    with pytest.raises(SignpipeError, match="another encoder"):
        load_reference(tmp_path / "r", "xyz", 8)
    with pytest.raises(SignpipeError, match="width 9"):
        load_reference(tmp_path / "r", "abc", 9)


@pytest.mark.parametrize(
    ("about", "what"),
    [
        ('{"encoder": "abc"}', "clips"),
        ('{"encoder": "abc", "clips": 1, "distance": -1}', "distance"),
        ('{"encoder": "abc", "clips": 1, "temperature": NaN}', "temperature"),
        ("[", "cannot read"),
    ],
)
def test_damage_is_told(tmp_path, about, what):
    path = tmp_path / "r"
    save_reference(path, some()[0])
    arrays = load_file(path)
    save_file(arrays, path, {"format": FORMAT, "about": about})
    with pytest.raises(SignpipeError, match=what):
        load_reference(path, "abc", 8)
    arrays["matrix"][0, 0] = np.inf
    save_file(arrays, path, {"format": FORMAT, "about": '{"encoder": "abc", "clips": 1}'})
    with pytest.raises(SignpipeError, match="infinity"):
        load_reference(path, "abc", 8)
    path.write_bytes(b"nothing")
    with pytest.raises(SignpipeError, match="cannot read"):
        load_reference(path, "abc", 8)
    with pytest.raises(SignpipeError, match="cannot read"):
        load_reference(tmp_path / "none", "abc", 8)


def test_that_of_the_shipped_encoder_belongs_to_it():
    found = shipped_reference()
    assert found.encoder == sha256_of_file(SHIPPED_FILE)
    assert found.clips > 10_000 and found.prior is not None
    assert 0.4 < found.prior.distance < 1 and 0.2 < found.prior.temperature < 2
    card = read_backbone_card(SHIPPED_FILE)
    assert found.whitening.mean.shape == (4 * card.encoder.part_channels,)
    assert REFERENCE_FILE.stat().st_size < 400_000
