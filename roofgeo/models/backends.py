"""Run a network on windows. ONNX Runtime on the CPU, without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf

from roofgeo.errors import ModelError
from roofgeo.models.checkpoint import Model
from roofgeo.models.metadata import UNKNOWN, metadata_vectors
from roofgeo.schema import band_slices

WAKE_S = 0.1
"""How often a waiting prediction looks whether it is to stop, where signals do not wake it (Windows)."""

RUNTIME_VERSION: str = onnxruntime.__version__

_ONNX_ERRORS = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf)


class OnnxNetwork:
    """A model's network on the CPU.

    Args:
        model: The model.
        threads: Threads it may use; None for all cores.

    Raises:
        ModelError: ONNX Runtime cannot use the model, or it does not keep the contract.
    """

    def __init__(self, model: Model, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # it would double the memory of a window, and saves no time
        if threads is not None:
            options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(model.onnx_path, options, providers=["CPUExecutionProvider"])
        except _ONNX_ERRORS as error:
            raise ModelError(
                f"{model.onnx_path} cannot be used: {error}", "Fetch or install the model again."
            ) from error
        inputs = {entry.name for entry in self._session.get_inputs()}
        if inputs != {"image", "metadata"}:
            raise ModelError(
                f"{model.onnx_path} takes {', '.join(sorted(inputs))}; roofgeo gives image and metadata",
                "Use a model that roofgeo has exported.",
            )
        self.slices = band_slices(model.card.heads)
        self.band_count = max(s.stop for s in self.slices.values())
        self._pixel_size_m = model.card.pixel_size_m
        self._facts = model.card.metadata
        self._runner = ThreadPoolExecutor(1, "network")

    def predict(
        self,
        image: NDArray[np.uint8],
        source_pixel_size_m: float,
        sun_azimuth_deg: float,
        latitude_deg: float = UNKNOWN,
    ) -> NDArray[np.float32]:
        """All bands of one window. An exception in the waiting thread, such as Ctrl+C's, stops the network at once.

        Args:
            image: (3, height, width) uint8 red, green, blue; sides multiples of 32.
            source_pixel_size_m: Pixel size the picture was taken with; NaN if unknown.
            sun_azimuth_deg: Where the sun stands, clockwise from up; NaN if unknown.
            latitude_deg: Of the place, north positive; NaN if unknown.

        Returns:
            (bands, height, width) float32 in the order of `slices`.
        """
        known = {
            "source_pixel_size_m": source_pixel_size_m,
            "sun_azimuth_deg": sun_azimuth_deg,
            "latitude_deg": latitude_deg,
        }
        metadata = metadata_vectors(self._pixel_size_m, known, self._facts)
        return self._run({"image": image[None].astype(np.float32), "metadata": metadata})

    def _run(self, inputs: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        # Python handles signals in the main thread, and only between two of its own steps: that thread must not be
        # the one that computes.
        options = onnxruntime.RunOptions()
        future = self._runner.submit(self._session.run, None, dict(inputs), options)
        try:
            while not future.done():
                wait([future], WAKE_S)
        finally:
            options.terminate = True  # no longer heard by a run that is done
            wait([future])
        bands: NDArray[np.float32] = future.result()[0][0]
        return bands
