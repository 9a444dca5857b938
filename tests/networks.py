"""A MusiCNN by other means: plain numpy in TensorFlow's layout, and a checkpoint's writer.

Written to be compared with `playlista.inference`, and therefore without its code.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Variables = Mapping[str, np.ndarray]

KERNELS = (
    (7, 38, 1, 204),
    (7, 67, 1, 204),
    (128, 1, 1, 51),
    (64, 1, 1, 51),
    (32, 1, 1, 51),
    (7, 561, 1, 64),
    (7, 64, 1, 64),
    (7, 64, 1, 64),
)
NORMS = (1, 204, 204, 51, 51, 51, 64, 64, 64, 1506, 200)
DENSE = {"dense": (1506, 200), "dense_1": (200, 50)}


def numbered(name: str, place: int) -> str:
    """TensorFlow's names: the first has no number."""
    return f"{name}_{place}" if place else name


def trained(seed: int, *, dead: float) -> dict[str, np.ndarray]:
    """Variables of a network that was never trained; a share of its filters is dead."""
    rng = np.random.default_rng(seed)
    drawn: dict[str, np.ndarray] = {}
    for place, shape in enumerate(KERNELS):
        name = numbered("conv2d", place)
        kernel = rng.normal(0, 1 / np.sqrt(np.prod(shape[:3])), shape)
        kernel[..., rng.random(shape[3]) < dead] *= 1e-25
        drawn |= {f"{name}/kernel": kernel, f"{name}/bias": rng.normal(0, 0.3, shape[3])}
    for place, size in enumerate(NORMS):
        name = numbered("batch_normalization", place)
        drawn[f"{name}/gamma"] = rng.normal(0, 1, size)
        drawn[f"{name}/beta"] = rng.normal(0, 1, size)
        drawn[f"{name}/moving_mean"] = rng.normal(0, 0.3, size)
        drawn[f"{name}/moving_variance"] = rng.uniform(0.5, 2, size)
    for name, shape in DENSE.items():
        drawn[f"{name}/kernel"] = rng.normal(0, 1 / np.sqrt(shape[0]), shape)
        drawn[f"{name}/bias"] = rng.normal(0, 0.1, shape[1])
    return {name: values.astype(np.float32) for name, values in drawn.items()}


def listen(variables: Variables, patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (n, 200) and tags (n, 50), in double precision; no filter is left out."""
    image = _norm(variables, 0, patches[..., None].astype(np.float64))
    pads = ((3, 3), (3, 3), (63, 64), (31, 32), (15, 16))  # TensorFlow's "same"
    front = [
        _norm(variables, place + 1, _conv(variables, place, image, pad)).max(axis=2)
        for place, pad in enumerate(pads)
    ]
    layers = [np.concatenate(front, axis=2)[..., None]]
    for place in (5, 6, 7):
        heard = _norm(variables, place + 1, _conv(variables, place, layers[-1], (3, 3)))
        turned = heard.transpose(0, 1, 3, 2)
        layers.append(turned if place == 5 else turned + layers[-1])
    features = np.concatenate(layers, axis=2)
    pooled = np.concatenate([features.max(axis=1), features.mean(axis=1)], axis=2)
    flat = _norm(variables, 9, pooled.reshape(len(patches), -1))
    embeddings = _norm(variables, 10, np.maximum(_dense(variables, "dense", flat), 0))
    return embeddings, 1 / (1 + np.exp(-_dense(variables, "dense_1", embeddings)))


def _norm(variables: Variables, place: int, x: np.ndarray) -> np.ndarray:
    name = numbered("batch_normalization", place)
    mean, variance = variables[f"{name}/moving_mean"], variables[f"{name}/moving_variance"]
    normal = (x - mean) / np.sqrt(variance.astype(np.float64) + 1e-3)
    return normal * variables[f"{name}/gamma"] + variables[f"{name}/beta"]


def _conv(variables: Variables, place: int, x: np.ndarray, pad: tuple[int, int]) -> np.ndarray:
    name = numbered("conv2d", place)
    kernel = variables[f"{name}/kernel"].astype(np.float64)
    windows = sliding_window_view(
        np.pad(x, ((0, 0), pad, (0, 0), (0, 0))), kernel.shape[:2], axis=(1, 2)
    )
    summed = np.tensordot(windows, kernel, axes=([4, 5, 3], [0, 1, 2]))
    return np.maximum(summed + variables[f"{name}/bias"], 0)


def _dense(variables: Variables, name: str, x: np.ndarray) -> np.ndarray:
    return x @ variables[f"{name}/kernel"] + variables[f"{name}/bias"]


# --- facts as Essentia publishes them ---------------------------------------

ESSENTIAS = ("model/Placeholder", "model/dense/BiasAdd", "model/Sigmoid")
"""What its MusiCNNs call patches, embedding and tags."""


def facts(tags_n: int = 50) -> dict[str, Any]:
    """The JSON beside a model, as far as it says what goes in and what comes out."""
    patches, embedding, tags = ESSENTIAS
    outputs = (
        (tags, tags_n, "Sigmoid", "predictions"),
        ("model/dense_1/BiasAdd", tags_n, "fully connected", ""),
        (embedding, 200, "fully connected", "embeddings"),
    )
    return {
        "name": "MSD MusiCNN",
        "type": "auto-tagging",
        "link": "https://essentia.upf.edu/models/feature-extractors/musicnn/msd-musicnn-1.pb",
        "version": "1",
        "framework": "tensorflow",
        "framework_version": "1.15.0",
        "classes": [f"tag {place}" for place in range(tags_n)],
        "model_types": ["frozen_model"],
        "schema": {
            "inputs": [{"name": patches, "type": "float", "shape": [187, 96]}],
            "outputs": [
                {
                    "name": name,
                    "type": "float",
                    "shape": [1, size],
                    "op": operator,
                    "output_purpose": purpose,
                }
                for name, size, operator, purpose in outputs
            ],
        },
        "inference": {"sample_rate": 16000, "algorithm": "TensorflowPredictMusiCNN"},
    }


# --- a checkpoint -------------------------------------------------------------


def checkpoint(variables: Variables, *, per_block: int = 16) -> tuple[bytes, bytes]:
    """Content of the index and of the data file that TensorFlow would write."""
    data, entries = b"", [(b"", b"\x08\x01\x1a\x02\x08\x01")]  # the header: one shard
    for name, values in sorted(variables.items()):
        content = values.astype("<f4").tobytes()
        dims = b"".join(_lengthy(2, b"\x08" + _varint(size)) for size in values.shape)
        entry = b"\x08\x01" + _lengthy(2, dims)
        entry += b"\x20" + _varint(len(data)) + b"\x28" + _varint(len(content))
        entries.append((name.encode(), entry + b"\x35" + bytes(4)))
        data += content
    index, handles = b"", []
    for start in range(0, len(entries), per_block):
        block = _block(entries[start : start + per_block])
        last_key = entries[start : start + per_block][-1][0]
        handles.append((last_key, _varint(len(index)) + _varint(len(block))))
        index += block + bytes(5)  # not compressed; no checksum
    top = _block(handles)
    footer = bytes(2) + _varint(len(index)) + _varint(len(top))
    magic = struct.pack("<Q", 0xDB4775248B80FB57)
    return index + top + bytes(5) + footer.ljust(40, b"\0") + magic, data


def _block(entries: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(_entries(entries)) + struct.pack("<II", 0, 1)


def _entries(entries: list[tuple[bytes, bytes]]) -> Iterator[bytes]:
    before = b""
    for key, value in entries:
        pairs = zip(before, key, strict=False)
        shared = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(before), len(key)))
        before, fresh = key, key[shared:]
        yield _varint(shared) + _varint(len(fresh)) + _varint(len(value)) + fresh + value


def _lengthy(field: int, content: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value % 128 + 128]) + _varint(value // 128)
