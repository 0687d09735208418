"""What must hold of any bytes: each target takes some and raises where it does not."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from helpers.hostile import UNREADABLE
from helpers.looking import CLOSELY
from helpers.odd_interactions import as_cassetter_writes, as_vcrpy_writes

from pytest_hubfiles import cassettes, secrets
from pytest_hubfiles.cassettes import by_line
from pytest_hubfiles.cassettes.errors import RefusedError
from pytest_hubfiles.cassettes.reading import by_yaml
from pytest_hubfiles.compare.shape_differences import Subject, between
from pytest_hubfiles.compare.shapes import Shape, merge_all, plainly_alike, shape_of_all
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.judge.declared import DeclaredPlace
from pytest_hubfiles.model.body import BodyNotJsonError
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.run.rules import Rules

CONTRACTS: Final = schema_files.load(())
_RULES: Final = Rules(CONTRACTS, today=dt.date(2026, 11, 2))
_CONTRACT: Final = CONTRACTS.get("2026-03", "import-status")
_SUBJECT: Final = Subject(_CONTRACT, 200, "COMPLETE", {}, 1, lambda steps: False)
_MEGABYTES: Final = 0.2
_PROJECT: Final = Path(__file__).parent.parent.parent


# --- a cassette file -------------------------------------------------------------------------------------------


def cassette(data: bytes) -> None:
    """Read *data* as a cassette in both ways and use what it holds: all that may come out is that it is refused."""
    quick = list(by_line.interactions_in(io.BytesIO(data)))
    is_whole = bool(quick) and quick[-1] is None
    reported = [interaction for interaction in quick if interaction is not None]
    read, refusal = [], None  # which may come before what the quick way has already reported
    try:
        for interaction in by_yaml(data, cassettes.Limits(_MEGABYTES)):
            read.append(interaction)
    except RefusedError as error:
        refusal = error
    assert refusal is None or refusal.reason, "a refusal says why"
    both = len(reported) if refusal is None else min(len(reported), len(read))
    assert read[:both] == reported[:both], "the quick way says something else"
    assert [i.line for i in read[:both]] == [i.line for i in reported[:both]], "the quick way counts other lines"
    assert not is_whole or (refusal is None and len(read) == len(reported)), "the quick way says that this is all"
    for interaction in read:
        _use(interaction)


def _use(interaction: Interaction) -> None:
    for name in (
        "path",
        "is_hubspot",
        "media_type",
        "match_key",
        "task_status",
        "started_task",
        "transient",
        "is_garbled",
    ):
        getattr(interaction, name)
    with suppress(BodyNotJsonError):
        interaction.json  # noqa: B018  # asked for what it raises
    scrubbed = secrets.scrub(interaction)
    assert scrubbed == secrets.scrub(interaction, (), CLOSELY), "a closer look finds something else"
    if secrets.are_clean([interaction]):
        assert not scrubbed.places, f"passed over as clean, and {scrubbed.places} hold a credential"
    again = secrets.scrub(scrubbed.interaction)
    assert again.interaction == scrubbed.interaction, "scrubbed twice is something else"
    assert not again.places, f"{again.places} still hold a credential"
    written = cassettes.dump([scrubbed.interaction])
    assert list(by_yaml(written, cassettes.USUAL)) == [scrubbed.interaction], "it is written and read as something else"
    found = _RULES.excuse(_RULES.check([CONTRACTS.identify(interaction.plain())]))
    assert all(finding.message for finding in found)
    assert not list(_RULES.compare([interaction], [interaction], lambda: iter(()))), "it drifts from itself"


# --- two answers -----------------------------------------------------------------------------------------------

_NAMES: Final = ("status", "result", "size", "errors", "links", "id", "a b", "*", "", "é", "[*]", "__typename")
_SCALARS: Final = (
    None, True, False, 0, 1, -1, 2**31, 2**63, 0.5, 1.0, 1e300, "", "cat", "COMPLETE", "2026-10-05T09:14:02Z", "0",
    "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf", "https://example.com/", "2026-10-05", "[*]", "a@example.com",
)  # fmt: skip


def value(data: Iterator[int], depth: int = 0) -> Any:
    """Return the JSON value that the next of *data* stand for, null where there are none."""
    kind = next(data, 0)
    if kind < 128 or depth > 6:
        return _SCALARS[kind % len(_SCALARS)]
    length = next(data, 0) % 5
    if kind < 176:
        return [value(data, depth + 1) for _ in range(length)]
    if kind < 192:  # many of a kind, and one that is not
        return [value(data, depth + 1)] * (length + 2) + [value(data, depth + 1)]
    return {_NAMES[next(data, 0) % len(_NAMES)]: value(data, depth + 1) for _ in range(length)}


def shapes(data: bytes) -> None:
    """Take answers from *data*: shapes merge in any order, and drift is found where they differ, and only there."""
    read = iter(data)
    one, other, third = (value(read) for _ in range(3))
    place = DeclaredPlace({} if next(read, 0) % 2 else _CONTRACT.outline(200))
    a, b, c = (_shape([body], place) for body in (one, other, third))
    assert _merged(a, b) == _merged(b, a), "merged in another order"
    assert _merged(_merged(a, b), c) == _merged(a, _merged(b, c)), "merged in other pairs"
    assert _merged(a, a) == a, "merged with itself"
    assert _shape([one, other, third], place) == _merged(_merged(a, b), c), "all at once"
    for before, after in ((a, b), (a, _merged(a, b)), (_merged(a, b), a)):
        found = list(between(before, after, _SUBJECT))
        assert not (found and before == after), "found where nothing differs"
        assert (before == after) is (before.tree() == after.tree()), "trees say something else"
        if not found and not any(node.types == {"null"} for node in _nodes(before)):
            assert before.merge(after) == before, "nothing found where something is new"
    if plainly_alike(one, other, place):
        assert a == b, "plainly alike and not of one shape"
    json.dumps(a.tree())


def _shape(bodies: list[Any], place: DeclaredPlace) -> Shape:
    found = shape_of_all(bodies, place)
    assert found is not None
    return found


def _merged(one: Shape, other: Shape) -> Shape:
    found = merge_all([one, other])
    assert found is not None
    return found


def _nodes(root: Shape) -> Iterator[Shape]:
    yield root
    for child in (*root.fields.values(), *filter(None, [root.elements])):
        yield from _nodes(child)


# --- what to begin with ----------------------------------------------------------------------------------------


def _cassettes() -> Iterator[bytes]:
    for path in sorted((_PROJECT / "cassettes").rglob("*.yaml")):
        yield path.read_bytes()
    for path in sorted((_PROJECT / "cassettes").rglob("*.yaml"))[:8]:
        read = cassettes.read(path)
        yield as_vcrpy_writes(read)
        yield as_cassetter_writes(read)
    for content, _, _ in UNREADABLE.values():
        if len(content) < 5_000:
            yield content if isinstance(content, bytes) else content.encode()


def _answers() -> Iterator[bytes]:
    for first in range(0, 256, 16):
        yield bytes((first * step + step) % 256 for step in range(1, 40))


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {"cassette": cassette, "shapes": shapes}
SEEDS: Final[Mapping[str, Callable[[], Iterator[bytes]]]] = {"cassette": _cassettes, "shapes": _answers}
