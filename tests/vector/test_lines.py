"""Where planes meet, and where one ends above the other."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from roofgeo.vector.lines import planes_apart

rises = st.floats(-1.5, 1.5)


@given(
    st.tuples(rises, rises),
    st.tuples(rises, rises),
    st.floats(0, 2 * np.pi),
    st.floats(-0.49, 0.49),
    st.sampled_from([-1, 1]),
)
def test_planes_that_meet_beside_the_line_are_not_apart_and_those_raised_are(left, right, angle, beside_m, sign):
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    gradients = np.array([left, right])
    gradients[1] += ((gradients[0] - gradients[1]) @ along) * along  # both rise the same along the line they share
    line = np.array([shapely.LineString([500_000 - 3 * along, 500_000 + 3 * along])])
    meet = 500_000 + beside_m * across
    centres = 500_000 + np.stack([2 * across, -2 * across])
    levels_m = 515 + (gradients * (centres - meet)).sum(1)
    assert not planes_apart(line, centres[None], levels_m[None], gradients[None])[0]
    turned = abs((gradients[0] - gradients[1]) @ across)
    levels_m[0] += sign * (0.41 + turned)
    assert planes_apart(line, centres[None], levels_m[None], gradients[None])[0]
    for side in (0, 1):
        unknown = levels_m.copy()
        unknown[side] = np.nan
        assert not planes_apart(line, centres[None], unknown[None], gradients[None])[0]
