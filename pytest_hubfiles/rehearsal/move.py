"""The move of a test to another version: what was recorded in the old one, as the new one documents it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from pytest_hubfiles.judge.contract import Contract, tidied_path
from pytest_hubfiles.judge.declared import UNDECLARED
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.rehearsal.changes import Change, Recording
from pytest_hubfiles.rehearsal.changes.answers import ANSWERS
from pytest_hubfiles.rehearsal.changes.bodies import parsed, with_headers, with_json
from pytest_hubfiles.rehearsal.changes.places import DEEPEST, Spot, parent_of, spots

_PARAMETER: Final = re.compile(r"\{([^/{}]+)\}")
_URL: Final = re.compile(r"(?:https?:/)?/[^\s]+")


@dataclass(frozen=True)
class Move:
    """The move from the version *old* to the version *new*, both of *contracts*."""

    old: str
    new: str
    contracts: Contracts = field(repr=False)

    def __str__(self) -> str:
        return f"{self.old}:{self.new}"

    def contract(self, operation: str) -> Contract | None:
        """Return the contract of *operation* in *new*, None if it has none."""
        return next((c for c in self.contracts.entries if (c.version, c.operation) == (self.new, operation)), None)

    @cached_property
    def _pairs(self) -> list[tuple[Contract, Contract | None]]:
        """The contracts of *old*, each with that of the same operation in *new*."""
        return [(c, self.contract(c.operation)) for c in self.contracts.entries if c.version == self.old]

    def operations(self, recorded: Iterable[Interaction]) -> list[str]:
        """Return the operations of *old* in *recorded*, each once."""
        exchanges = map(self.contracts.identify, recorded)
        return list(dict.fromkeys(str(e.operation) for e in exchanges if e.version == self.old))

    # --- what was recorded, as the new version answers it -----------------------------------------------------------

    def moved(self, recorded: Iterable[Interaction]) -> list[Interaction]:
        """Return *recorded* with each request of *old* at the path of *new*.

        What *new* has no such operation for is left out. A link to an operation of *old* leads to that of *new*.
        """
        return [moved for interaction in recorded if (moved := self._moved(interaction)) is not None]

    def _moved(self, interaction: Interaction) -> Interaction | None:
        exchange = self.contracts.identify(interaction)
        if exchange.version != self.old:
            return interaction
        old, new = next(pair for pair in self._pairs if pair[0].operation == exchange.operation)
        path = None if new is None else moved_path(interaction.path, old, new)
        if new is None or path is None:
            return None
        url = urlsplit(interaction.url)._replace(path=path).geturl()
        return self._with_links(replace(interaction, method=new.method, url=url))

    def _with_links(self, answer: Interaction) -> Interaction:
        location = answer.headers.get("location")
        if location is not None:
            answer = with_headers(answer, [("Location", self._link(location))])
        read = parsed(answer)
        value = None if read is None else self._linked(read.value)
        return answer if read is None or value == read.value else with_json(answer, value)

    def _linked(self, value: object, depth: int = 0) -> object:
        if isinstance(value, str):
            return self._link(value)
        if isinstance(value, dict) and depth < DEEPEST:
            return {name: self._linked(member, depth + 1) for name, member in value.items()}
        if isinstance(value, list) and depth < DEEPEST:
            return [self._linked(element, depth + 1) for element in value]
        return value

    def _link(self, text: str) -> str:
        if not _URL.fullmatch(text):
            return text
        try:
            url = urlsplit(text)
        except ValueError:
            return text
        paths = (moved_path(url.path, old, new) for old, new in self._pairs if new is not None)
        path = next((path for path in paths if path is not None), None)
        return text if path is None else url._replace(path=path).geturl()

    # --- what the new version no longer promises --------------------------------------------------------------------

    def changes_of(self, recorded: Sequence[Interaction]) -> Iterator[Change]:
        """Yield what *new* may answer otherwise: a member that it does not promise is absent, its status is another."""
        recording = Recording(recorded, self.contracts).outline
        found: dict[Change, None] = {}
        for old, new in self._pairs:
            for number in recording.answers(old.operation):
                if new is not None and recording.exchanges[number].version == self.old:
                    found |= dict.fromkeys(self._of_answer(recording, number, old, new))
        yield from found

    def _of_answer(self, recording: Recording, number: int, old: Contract, new: Contract) -> Iterator[Change]:
        status, root = recording.interactions[number].status_code, recording.root(number)
        if status < 300 and str(status) not in new.responses:
            answers = (("success-status-changed", other) for other in new.successes)
            yield from (Change(old.operation, None, *pair) for pair in answers if pair in ANSWERS)
            status = int(next(iter(new.successes), status))
        if root is None or new.response(status) is None:
            return
        gone: set[str] = set()
        by_path: dict[str, Spot] = {}
        in_new = spots(root.value, new.place(status))
        for was, now in zip(spots(root.value, root.place), in_new, strict=True):  # the same values, in the same order
            by_path.setdefault(now.path, now)
            parent = parent_of(now.path)
            if parent is None or any(now.path.startswith((f"{path}.", f"{path}[")) for path in gone):
                continue
            if _is_unknown(now, by_path[parent]) or (was.place.facts.required and not now.place.facts.required):
                gone.add(now.path)
                yield Change(old.operation, now.path, Kind.FIELD_REMOVED.value)


def _is_unknown(spot: Spot, parent: Spot) -> bool:
    """Return whether *spot* is a member of *parent* that is not declared, though others are."""
    return spot.place.facts is UNDECLARED and bool(parent.place.facts.members)


def moved_path(path: str, old: Contract, new: Contract) -> str | None:
    """Return where *new* has what *old* has at *path*; None if *path* is not of *old*, or leaves a parameter open."""
    head, *tails = map(re.escape, _PARAMETER.split(old.path)[::2])
    pattern = re.compile("([^/]*)".join((head, *tails)) + "/?", re.IGNORECASE)
    match = pattern.fullmatch(path) or pattern.fullmatch(tidied_path(path))
    names = _PARAMETER.findall(new.path)
    if match is None or len(names) > len(match.groups()):
        return None
    given = dict(zip(_PARAMETER.findall(old.path), match.groups(), strict=True))
    values = [given[name] for name in names] if given.keys() >= set(names) else list(match.groups())
    return _PARAMETER.sub(lambda _: values.pop(0), new.path)
