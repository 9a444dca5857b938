import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import networks
from playlista.errors import ModelMissing
from playlista.inference import checkpoint

SOME = {
    "dense/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "dense/bias": np.ones(300, np.float32),
    "dense_1/kernel": np.zeros((1, 2, 3, 4), np.float32),
    "alone": np.float32([7]).reshape(()),
}


@given(st.integers(1, 6))
def test_every_tensor_comes_back_whatever_block_it_is_in(per_block):
    found = checkpoint.read(*networks.checkpoint(SOME, per_block=per_block))

    assert set(found) == set(SOME)
    assert all(np.array_equal(found[name], SOME[name]) for name in SOME)
    assert all(found[name].shape == SOME[name].shape for name in SOME)


@given(st.data())
def test_a_file_that_is_cut_off_is_refused(data):
    index, content = networks.checkpoint(SOME)
    short = data.draw(st.integers(0, len(index) - 1))
    shorter = data.draw(st.integers(0, len(content) - 1))

    with pytest.raises(ModelMissing):
        checkpoint.read(index[:short], content)
    with pytest.raises(ModelMissing):
        checkpoint.read(index, content[:shorter])


def test_a_compressed_table_is_refused_for_what_it_is():
    index, content = networks.checkpoint({"x": np.ones(1, np.float32)})
    top = index.rindex(bytes(5), 0, len(index) - 48)
    compressed = bytearray(index)
    compressed[top] = 1

    with pytest.raises(ModelMissing, match="compressed"):
        checkpoint.read(bytes(compressed), content)


@pytest.mark.parametrize("name", ["MSD_musicnn", "MTT_musicnn"])
def test_the_published_checkpoint_has_the_layers_of_the_paper(musicnn_wheel, name):
    with zipfile.ZipFile(musicnn_wheel) as wheel:
        found = checkpoint.read(
            wheel.read(f"musicnn/{name}/.index"),
            wheel.read(f"musicnn/{name}/.data-00000-of-00001"),
        )

    expected = networks.trained(1, dead=0)
    assert {key: found[key].shape for key in expected} == {
        key: values.shape for key, values in expected.items()
    }
    assert all((found[f"batch_normalization_{n}/moving_variance"] > 0).all() for n in range(1, 11))
