"""What fuzzing begins with, and what it has found: none of it leads the cassette reader or the shapes astray again."""

from __future__ import annotations

import pytest
from fuzz.targets import SEEDS, TARGETS

WHOLE = next(SEEDS["cassette"]())
FOUND = {
    "cassette": {
        "a body that looks like headers and never ends": (
            b"interactions:\n- request:\n    body: |-\n"
            + b"      - '100'\n      x-rate-limit:\n" * 40
            + b"    status:\n"
        ),
        "a reason that goes on in the next line": WHOLE.replace(b"message: OK\n", b"message: OK\n        and more\n"),
    },
    "shapes": {
        "integers and null where numbers were": bytes([128, 1, 8, 128, 2, 9, 0, 0]),
    },
}
INPUTS = [
    pytest.param(name, data, id=f"{name}-{what}")
    for name in TARGETS
    for what, data in [*((str(number), seed) for number, seed in enumerate(SEEDS[name]())), *FOUND[name].items()]
]


@pytest.mark.parametrize(("name", "data"), INPUTS)
def test_a_target_holds(name: str, data: bytes) -> None:
    """Every input that fuzzing starts from or has found is read as what it is, or refused."""
    TARGETS[name](data)
