"""The one door to onnxruntime."""

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from playlista.inference.catalogue import Ports

ERRORS_ONLY = 3  # onnxruntime's scale, from verbose (0) to fatal (4)


class OnnxSession:
    """A network in onnxruntime; threads may share it, and run at the same time.

    Args:
        content: Of an ONNX file.
        ports: Its input and outputs; a file converted from TensorFlow may call them ``NAME:0``.
        threads: How many may work on one call.

    Raises:
        Exception: Whatever onnxruntime raises: its errors have no ancestor of their own.
    """

    def __init__(self, content: bytes, ports: Ports, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        ends = [*self._session.get_inputs(), *self._session.get_outputs()]
        converted = {end.name for end in ends if end.name.endswith(":0")}
        self._ports = Ports(*(f"{name}:0" if f"{name}:0" in converted else name for name in ports))

    def run(self, patches: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return what the network says of patches, shape (n, 187, 96): embeddings and tags."""
        patches_port, *outputs = self._ports
        return list(self._session.run(outputs, {patches_port: patches}))
