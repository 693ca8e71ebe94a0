"""A card tells what its licence allows."""

from __future__ import annotations

import pytest

from roofgeo.models.card import ModelCard


@pytest.mark.parametrize(
    ("licence", "commercial"),
    [
        ("CC-BY-4.0", True),
        ("MIT", True),
        ("", True),
        ("NCSA", True),
        ("CC-BY-NC-4.0", False),
        ("CC-BY-NC-SA-4.0", False),
        ("MIT AND CC-BY-NC-ND-3.0", False),
        ("PolyForm-Noncommercial-1.0.0", False),
    ],
)
def test_a_licence_tells_whether_one_may_earn_money_with_it(licence: str, commercial: bool) -> None:
    assert ModelCard("m", "1", {}, (), 0.1, licence=licence).commercial is commercial
