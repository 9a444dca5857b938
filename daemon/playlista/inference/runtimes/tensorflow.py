"""Runs a frozen TensorFlow graph by essentia's ``TensorflowPredict``."""

import os
import tempfile

import numpy as np
from numpy.typing import NDArray

from playlista import essentia
from playlista.errors import ModelMissing
from playlista.inference.catalogue import Ports
from playlista.inference.graphdef_format import operators

TENSOR = "TENSOR_REAL"  # essentia's name for an array of four axes
ARITHMETIC = frozenset(
    """
    Placeholder PlaceholderWithDefault Const Identity NoOp StopGradient Switch Merge
    Reshape Squeeze ExpandDims Shape StridedSlice Slice Pack Concat ConcatV2 Split Gather
    GatherV2 Transpose Tile Fill Pad PadV2 MirrorPad SpaceToBatchND BatchToSpaceND Cast
    Add AddV2 AddN Sub Mul RealDiv Div Maximum Minimum SquaredDifference Neg Abs Square Sqrt
    Rsqrt Exp Log Log1p Pow Floor
    Conv2D DepthwiseConv2dNative BiasAdd MatMul BatchMatMul BatchMatMulV2 FusedBatchNorm
    FusedBatchNormV2 FusedBatchNormV3 MaxPool AvgPool Max Min Mean Sum Prod Relu Relu6
    LeakyRelu Elu Sigmoid Tanh Softmax Softplus
    """.split()  # noqa: SIM905 - so it can be read
)
"""What a network needs. TensorFlow knows more: a graph may read and write files."""


class EssentiaSession:
    """A network in essentia's TensorFlow; a call holds the interpreter lock from end to end.

    Args:
        content: Of a frozen graph's file.
        ports: Its input and outputs.
        threads: How many may work on one call; a process's first network decides for all.

    Raises:
        ModelMissing: There is no essentia here.
        IndexError, TypeError, ValueError: It is no graph, or more than a network.
        RuntimeError: Whatever essentia raises.
    """

    def __init__(self, content: bytes, ports: Ports, *, threads: int) -> None:
        if not essentia.usable():
            raise ModelMissing("essentia is not installed, or this processor lacks AVX")
        if more := operators(content) - ARITHMETIC:
            raise ValueError(f"a network needs no {', '.join(sorted(more))}")
        os.environ |= {"TF_NUM_INTRAOP_THREADS": str(threads), "TF_NUM_INTEROP_THREADS": "1"}
        self._ports = ports
        self._essentia = essentia.compiled()
        self._algorithm = self._essentia.Algorithm("TensorflowPredict")
        # it reads files only; one of our own holds what has been checked
        with tempfile.NamedTemporaryFile(suffix=".pb") as file:
            file.write(content)
            file.flush()
            self._algorithm.__configure__(
                graphFilename=file.name, inputs=[ports.patches], outputs=[*ports[1:]]
            )

    def run(self, patches: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return what the network says of patches, shape (n, 187, 96): embeddings and tags."""
        question = self._essentia.Pool()
        # four axes are a must; those of length 1 are left out before TensorFlow sees them
        question.__set__(self._ports.patches, TENSOR, patches[:, None], False)
        answer = self._algorithm.__compute__(question)
        said = (answer.__value__(port, TENSOR) for port in self._ports[1:])
        return [values.reshape(len(values), -1) for values in said]
