"""The network on a window: it can be stopped at any time, and goes on afterwards."""

from __future__ import annotations

import _thread
import threading
import time

import numpy as np
import pytest

from roofgeo.models.backends import OnnxNetwork
from roofgeo.models.checkpoint import open_model

AT_ONCE_S = 1.0


def test_ctrl_c_stops_a_network_that_computes() -> None:
    network = OnnxNetwork(open_model())
    large, small = (np.zeros((3, side, side), np.uint8) for side in (2048, 128))
    expected = network.predict(small, 0.1, 180.0)
    interrupted_at = []

    def interrupt() -> None:
        interrupted_at.append(time.monotonic())
        _thread.interrupt_main()

    timer = threading.Timer(0.5, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        network.predict(large, 0.1, 180.0)
    assert time.monotonic() - interrupted_at[0] < AT_ONCE_S
    np.testing.assert_array_equal(network.predict(small, 0.1, 180.0), expected)
