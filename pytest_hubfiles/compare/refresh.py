"""Whether a re-recording asked the same as the cassette did, and was answered in the same shape."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress

from pytest_hubfiles.compare import drift
from pytest_hubfiles.compare.answers import History
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.body import BodyNotJsonError
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.policy import Kind


def is_the_same(
    before: Sequence[Exchange], after: Sequence[Exchange], contracts: Contracts, history: History, *, shared: bool
) -> bool:
    """Return whether *after*, recorded anew, has the shape of *before*, and a replay of *before* would answer it.

    A task state that was seen before and is not now makes no difference: how often a task is polled is chance. If
    *shared*, other tests ask for the rest of *before*.
    """
    literal = _literals(before) & _literals(after)
    asked, was = _asked(after, literal), _asked(before, literal)
    if not (asked <= was if shared else asked == was):
        return False
    kinds = {finding.kind for finding in drift.compare(before, after, contracts, history)}
    return kinds <= {Kind.STATE_GONE} and _unjudged(after) <= _unjudged(before)


def _literals(exchanges: Sequence[Exchange]) -> set[str]:
    """Return the parts of all requests."""
    found: set[str] = set()

    def note(part: str) -> str:
        found.add(part)
        return part

    for exchange in exchanges:
        _request(exchange.interaction, note)
    return found


def _asked(exchanges: Sequence[Exchange], literal: Set[str]) -> Counter[tuple[str, ...]]:
    """Count what was asked; a part that is not *literal*, and that an earlier answer gave, by the place it came from.

    So ids make no difference. A task that is polled counts once.
    """
    origin_of: dict[str, str] = {}

    def named(part: str) -> str:
        return part if part in literal else origin_of.get(part, part)

    counts: Counter[tuple[str, ...]] = Counter()
    for exchange in exchanges:
        interaction = exchange.interaction
        asked = _request(interaction, named)
        counts[asked] = 1 if interaction.task_id is not None else counts[asked] + 1
        for place, value in _values(_json(interaction), f"<{asked[1]} {asked[2]}> $"):
            origin_of.setdefault(value, place)
    return counts


def _request(interaction: Interaction, named: Callable[[str], str]) -> tuple[str, ...]:
    """Return what a replay knows a request by, each part of its path, query and JSON body as it is *named*."""
    origin, method, path, query, body = interaction.match_key
    segments = "/".join(map(named, path.split("/")))
    pairs = "&".join(f"{name}={named(value)}" for name, value in query)
    with suppress(ValueError, RecursionError):  # no JSON, as of a GET
        body = json.dumps(_renamed(json.loads(body), named), sort_keys=True)
    return origin, method, segments, pairs, body


def _renamed(value: object, named: Callable[[str], str]) -> object:
    if isinstance(value, dict):
        return {name: _renamed(member, named) for name, member in value.items()}
    if isinstance(value, list):
        return [_renamed(element, named) for element in value]
    return named(str(value))


def _values(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield the texts and numbers in a JSON *value*, each with its *place*."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _values(member, f"{place}.{name}")
    elif isinstance(value, list):
        for element in value:
            yield from _values(element, f"{place}[*]")
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield place, str(value)


def _unjudged(exchanges: Sequence[Exchange]) -> set[tuple[object, ...]]:
    """Return what no comparison of operations looks at: the answers under no contract, without their values."""
    return {
        (e.method, e.status_code, e.interaction.media_type, _outline(_json(e.interaction)))
        for e in exchanges
        if e.operation is None
    }


def _outline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{name!r}:{_outline(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted({_outline(element) for element in value})) + "]"
    return type(value).__name__


def _json(interaction: Interaction) -> object:
    """Return the answer's JSON, None where it is none: its media type is compared."""
    try:
        return interaction.json
    except (BodyNotJsonError, RecursionError):
        return None
