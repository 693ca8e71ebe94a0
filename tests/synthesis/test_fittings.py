"""What stands on roofs lies where it would on real ones."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Polygon

from roofgeo.synthesis.buildings import random_roof
from roofgeo.synthesis.fittings import snow_guards
from roofgeo.synthesis.shapes import height_at


@pytest.mark.parametrize(("shape", "faces"), [("gable", 2), ("pyramid", 4), ("shed", 1), ("flat", 0)])
def test_snow_guards_run_along_the_eaves_of_pitched_faces(shape: str, faces: int) -> None:
    rng = np.random.default_rng(3)
    roof = random_roof(rng, shape, (14.0, 9.0), 3.0, 35.0)
    guards = snow_guards(rng, roof)
    assert len(guards) == faces
    eaves = roof.outline().exterior
    for guard in guards:
        assert roof.outline().covers(Polygon(guard.ring_m))
        assert eaves.distance(Polygon(guard.ring_m)) > 0.2
        assert 0.4 < eaves.distance(Polygon(guard.ring_m).centroid) < 0.95
        ends_m = height_at(guard.height_m, guard.ring_m[:2])
        assert np.ptp(ends_m) < 1e-6, "level, as an eave is"
        assert 3.2 < ends_m[0] < 4.2


def test_small_faces_have_none() -> None:
    rng = np.random.default_rng(0)
    assert snow_guards(rng, random_roof(rng, "gable", (1.6, 1.2), 2.0, 30.0)) == []
