"""What a test asks when it runs as another version: what the old one would be asked, and what the new one refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.model.match_key import MatchKey
from pytest_hubfiles.rehearsal.move import Move
from pytest_hubfiles.rehearsal.verdicts import place_here
from pytest_hubfiles.report.rehearsal import Refused

_JSON: Final = {"Content-Type": ("application/json",)}


@dataclass
class MoveWatch:
    """What a test asks as the new version of *move*; *root* is the folder of its project.

    ``old`` are the operations that it goes on asking of the old version, ``place`` is where that is in its code.
    """

    move: Move
    root: Path
    old: list[str] = field(default_factory=list)
    place: str | None = None
    _sent: dict[tuple[str, bytes], None] = field(default_factory=dict)

    def see(self, key: MatchKey, answer: Interaction | None) -> None:
        """Take in a request and its answer, None where there is none."""
        _, method, path, _, body = key
        contract = self.move.contracts.find(method, path)
        if contract is None:
            return
        recorded = None if answer is None else answer.request_body
        sent = body.encode("latin-1", "replace") if method == "POST" else recorded
        if answer is None and contract.version == self.move.old:
            self.old.append(contract.operation)
            self.place = self.place or place_here(self.root, self.move.old)
        elif answer is None or contract.version != self.move.new or answer.status_code >= 400:
            return
        if sent is not None:
            self._sent[contract.operation, sent] = None

    def refused(self, test: str) -> Iterator[Refused]:
        """Yield what the new version refuses of what *test* sent to either, an operation after the other."""
        found: dict[str, Refused] = {}
        for operation, body in self._sent:
            contract = self.move.contract(operation)
            if contract is None:
                continue
            sent = Interaction(contract.method, CANONICAL_ORIGIN + contract.path, _JSON, body, 200, "", {}, b"")
            for finding in contract.check_request(Exchange(sent, operation, contract.version)):
                known = found.setdefault(operation, Refused(test, operation))
                found[operation] = known.with_member(finding.path, is_missing=finding.keyword == "required")
        yield from found.values()
