"""R13: recordings of any size and depth are compared within two seconds, or said to be too different."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from answers import CAT, COMPLETE, CONTRACTS, poll
from looking import shape_of

from faults.apart import Case, limit_memory, survive, watch
from faults.ledger import Outcome
from pytest_hubfiles import cassettes
from pytest_hubfiles.compare import drift

_SECONDS: Final = 2.0  # of the processor
_MEGABYTES: Final = 800
_MANY: Final = 100_000


def _nested(depth: int, brackets: str = "[]", end: str = "1") -> str:
    opening, closing = brackets
    inside = opening if opening == "[" else '{"a":'
    return inside * depth + end + closing * depth


def _bomb() -> str:
    """Return a body that YAML's aliases would unfold to a million values."""
    lines = ["a: &a [1,1,1,1,1,1,1,1,1,1]"]
    lines += [f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]" for a, b in zip("abcd", "bcde", strict=True)]
    return "{" + ", ".join(lines) + "}"


PAIRS: Final[dict[str, Callable[[], tuple[str, str]]]] = {
    "5,000 lists deep": lambda: (_nested(5_000), _nested(5_000, end='"x"')),
    "5,000 objects deep": lambda: (_nested(5_000, "{}"), _nested(5_000, "{}", end='"x"')),
    "900 lists deep": lambda: (_nested(900), _nested(901)),
    "100,000 elements": lambda: (json.dumps([1] * _MANY), json.dumps(["x"] * _MANY)),
    "100,000 objects": lambda: (json.dumps([{"a": 1}] * _MANY), json.dumps([{"a": "x"}] * _MANY)),
    "100,000 keys, all others": lambda: tuple(json.dumps({f"{k}{n}": 1 for n in range(_MANY)}) for k in "ab"),  # type: ignore[return-value]
    "100,000 keys of other types": lambda: tuple(json.dumps({f"a{n}": v for n in range(_MANY)}) for v in (1, "x")),  # type: ignore[return-value]
    "100,000 keys, one gone": lambda: tuple(json.dumps({f"a{n}": 1 for n in range(m)}) for m in (_MANY, _MANY - 1)),  # type: ignore[return-value]
    "a key for each of 20,000 objects": lambda: (
        json.dumps([{f"a{n}": 1} for n in range(20_000)]),
        json.dumps([{f"b{n}": 1} for n in range(20_000)]),
    ),
    "2,000 keys, all others": lambda: tuple(json.dumps({f"{k}{n}": 1 for n in range(2_000)}) for k in "ab"),  # type: ignore[return-value]
    "900 keys, all others": lambda: tuple(json.dumps({f"{k}{n}": 1 for n in range(900)}) for k in "ab"),  # type: ignore[return-value]
    "a long number": lambda: ("1" * 4_000, '"x"'),
    "a long text": lambda: (json.dumps("x" * 10_000_000), "1"),
}

_FEW: Final = ("5,000 lists deep", "100,000 elements", "100,000 keys, all others")


def _compare(title: str) -> str:
    before, after = (_answer(part) for part in PAIRS[title]())
    found = list(drift.compare([before], [after], CONTRACTS))
    list(CONTRACTS.check(after))
    return "" if found or "deep" in title else "no difference is found"  # below 40 levels, none is looked for


def _answer(part: str) -> Any:
    """Return an answer with *part* in it, its text made by hand: what is too deep cannot be dumped."""
    body = json.dumps({**COMPLETE, "result": {**CAT, "extra": "PART"}}).replace('"PART"', part)
    return poll(body.encode())


def _unfold(folder: Path) -> str:
    path = folder / "bomb.yaml"
    path.write_text(
        "interactions:\n- request: {method: GET, uri: https://x/y}\n  response:\n"
        f"    status: {{code: 200}}\n    body: {{string: {_bomb()}}}\nversion: 1\n"
    )
    try:
        for interaction in cassettes.read(path):
            shape_of(interaction.json, {})
    except cassettes.CassetteUnreadableError:
        return ""
    return ""


def _by_deepdiff(content: Callable[[], tuple[str, str]]) -> str:
    """Compare the bodies themselves, as the tools do that know no shapes: the positive control."""
    from deepdiff import DeepDiff

    before, after = map(json.loads, content())
    return "" if DeepDiff(before, after, ignore_order=True) else "no difference is found"


def _cases(name: str, bounded: bool, folder: Path) -> Iterator[Case]:
    if name == "unguarded":
        yield "5,000 lists deep", partial(_by_deepdiff, PAIRS["5,000 lists deep"])
        return
    yield "a body of aliases", partial(_unfold, folder)
    for title in _FEW if bounded else PAIRS:
        yield title, partial(_compare, title)


def run(bounded: bool) -> Outcome:
    """Compare bodies that are too large for a comparison."""
    injected, problems = survive(__name__, "ours", str(int(bounded)))
    _, control = survive(__name__, "unguarded", "1")
    title = "comparing large, deep and wide bodies ends within two seconds"
    return Outcome("R13", title, injected, "hung or crashed", bool(control), tuple(problems))


if __name__ == "__main__":
    limit_memory(_MEGABYTES)
    where = Path(sys.argv[3])
    watch(_cases(sys.argv[1], sys.argv[2] == "1", where), where, int(sys.argv[4]), _SECONDS)
