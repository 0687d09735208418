"""R13: recordings of any size and depth are compared within bounds, or said to be too different.

The bounds are counted: how many nodes of two shapes are compared one by one, how many places are reported. What they
do not see is held against ``json.loads`` of the same bytes in the same process.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest import mock

from helpers.answers import CAT, COMPLETE, CONTRACTS, poll
from helpers.looking import shape_of

from faults.apart import Case, limit_memory, survive, watch, within
from faults.ledger import Outcome
from pytest_hubfiles import cassettes
from pytest_hubfiles.compare import drift, shape_differences

_TIMES: Final = 200  # what json.loads takes; none takes more than 20
_MOST_NODES: Final = 20_000
_MOST_TOLD: Final = 4_000
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
    with within(_TIMES, before.body, after.body):
        drifted = list(drift.compare([before], [after], CONTRACTS))
        judged = list(CONTRACTS.check(after))
    reported = max(len(drifted), len(judged))
    if reported > _MOST_TOLD:
        return f"{reported:,} places are reported"
    return "" if drifted or "deep" in title else "no difference is found"  # below 40 levels, none is looked for


def _compare_counted(title: str) -> str:
    """Compare, and end it with the first too many of the nodes that DeepDiff is given: by them it takes its time."""
    from deepdiff import DeepDiff

    looked_at = 0

    def counting(before: Any, after: Any, **options: Any) -> Any:
        nonlocal looked_at
        looked_at += _nodes(before) + _nodes(after)
        if looked_at > _MOST_NODES:
            raise _TooManyNodesError(f"{looked_at:,} nodes are looked at one by one")
        return DeepDiff(before, after, **options)

    with mock.patch("deepdiff.DeepDiff", counting):
        return _compare(title)


class _TooManyNodesError(Exception):
    """More nodes are compared one by one than should be."""


def _nodes(tree: Any) -> int:
    return 1 + sum(map(_nodes, tree.values())) if isinstance(tree, dict) else 1


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
        with within(_TIMES, path.read_bytes()):
            for interaction in cassettes.read(path):
                shape_of(interaction.json, {})
    except cassettes.CassetteUnreadableError:
        return ""
    return ""


def _without_budget(compare: Callable[[str], str], title: str) -> str:
    """Compare with nothing that stops looking for differences where they are too many: another positive control."""
    with mock.patch.object(shape_differences, "_MOST_DIFFERING", sys.maxsize):
        return compare(title)


def _by_deepdiff(content: Callable[[], tuple[str, str]]) -> str:
    """Compare the bodies themselves, as the tools do that know no shapes: the positive control."""
    from deepdiff import DeepDiff

    before, after = map(json.loads, content())
    return "" if DeepDiff(before, after, ignore_order=True) else "no difference is found"


_KEYS: Final = "a key for each of 20,000 objects"
_CONTROL: Final[dict[str, Callable[[], str]]] = {
    "too deep": partial(_by_deepdiff, PAIRS["5,000 lists deep"]),
    "too many nodes": partial(_without_budget, _compare_counted, _KEYS),
    "too long": partial(_without_budget, _compare, _KEYS),
}


def _cases(name: str, bounded: bool, folder: Path) -> Iterator[Case]:
    if name == "unguarded":
        yield from _CONTROL.items()
        return
    yield "a body of aliases", partial(_unfold, folder)
    for title in _FEW if bounded else PAIRS:
        yield title, partial(_compare_counted, title)


def run(bounded: bool) -> Outcome:
    """Compare bodies that are too large for a comparison."""
    injected, problems = survive(__name__, "ours", str(int(bounded)))
    _, control = survive(__name__, "unguarded", "1", tries=1)
    title = f"large, deep and wide bodies are compared within {_TIMES} times what `json.loads` takes"
    fails = len(control) == len(_CONTROL)
    return Outcome("R13", title, injected, "hung or crashed", fails, tuple(problems))


if __name__ == "__main__":
    limit_memory(_MEGABYTES)
    where = Path(sys.argv[3])
    watch(_cases(sys.argv[1], sys.argv[2] == "1", where), where, int(sys.argv[4]))
