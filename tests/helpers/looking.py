"""What tests look at: the shape of one value, and the places of credentials in one interaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pytest_hubfiles import secrets
from pytest_hubfiles.compare.shapes import Shape, shape_of_all
from pytest_hubfiles.judge.declared import Declared, DeclaredPlace
from pytest_hubfiles.model.exchange import Interaction


def shape_of(value: object, declared: Mapping[str, Declared]) -> Shape:
    """Return the shape of the parsed JSON *value*; *declared* is what its schema says, by path."""
    shape = shape_of_all([value], DeclaredPlace(declared))
    assert shape is not None
    return shape


def secrets_in(interaction: Interaction) -> list[str]:
    """Return the places of *interaction* at which a credential stands."""
    return list(secrets.scrub(interaction).places)


CLOSELY: Final = secrets.Additions(patterns=(re.compile("(?!)"),))
"""A pattern that matches nothing, and keeps an exchange from being passed over as a whole."""
