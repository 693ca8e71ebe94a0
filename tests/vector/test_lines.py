"""Where planes meet, and where one ends above the other."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from roofgeo.vector.cluster import CORNER_DEG, straight_stretches
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


@given(
    st.lists(st.tuples(st.floats(-60, 60), st.sampled_from([0, 0, 0, 1])), min_size=1, max_size=40), st.floats(0, 360)
)
def test_no_two_edges_of_a_line_differ_by_more_than_a_corner(turns, begin_deg):
    turn_deg, new = (np.array(column) for column in zip(*turns, strict=True))
    azimuth = np.radians(begin_deg + np.cumsum(turn_deg))
    part = np.cumsum(new)
    run = straight_stretches(np.stack([np.cos(azimuth), np.sin(azimuth)], 1), part)
    assert run[0] == 0 and set(np.diff(run)) <= {0, 1}
    assert (np.diff(run)[np.diff(part) > 0] == 1).all()
    assert (np.diff(run)[np.abs(turn_deg[1:]) > CORNER_DEG + 1e-6] == 1).all()
    bent_deg = np.cumsum(turn_deg)
    for number in range(run[-1] + 1):
        assert np.ptp(bent_deg[run == number]) <= CORNER_DEG + 1e-6
    slight = np.ptp(bent_deg) < CORNER_DEG - 1e-6 and not part.any()
    assert not slight or run[-1] == 0, "what wobbles is one line"


def test_a_round_eave_is_many_lines():
    azimuth = np.radians(np.arange(0, 360, 15))
    run = straight_stretches(np.stack([np.cos(azimuth), np.sin(azimuth)], 1), np.zeros(24, np.int64))
    assert run[-1] + 1 == 18
    assert np.bincount(run).max() == 2
