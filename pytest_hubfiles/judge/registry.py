"""All contracts of a run: which one describes a request, and which one an operation has in a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge.contract import Contract, tidied_path
from pytest_hubfiles.judge.source import Source
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Kind


class ContractNotFoundError(HubfilesError):
    """No schema describes this operation in this version."""

    def __init__(self, operation: str, version: str, known: Iterable[str], operations: Iterable[str] = ()) -> None:
        self.operation, self.version, self.known = operation, version, sorted(known)
        there = f"Operations of {version} on file: {', '.join(sorted(operations)) or 'none'}.\n"
        super().__init__(
            f"No contract for {operation} in version {version}.\n"
            f"{there if not self.known else ''}"
            f"Versions on file: {', '.join(self.known) or 'none'}.\n"
            f"Add schemas/{version}/{operation}.json with --hubfiles-schemas, or ask for a version on file."
        )


@dataclass(frozen=True)
class Contracts:
    """All contracts of a run; the first that describes a request judges it."""

    entries: tuple[Contract, ...]

    @property
    def versions(self) -> list[str]:
        """The versions on file, oldest first."""
        return sorted({contract.version for contract in self.entries}, key=lambda v: (not v.startswith("v"), v))

    @property
    def sources(self) -> dict[tuple[str, str], Source]:
        """The documents from which contracts were made, by version and operation."""
        return {key: contract.source for key, contract in self._by_name.items() if contract.source is not None}

    @cached_property
    def paths(self) -> str:
        """The paths of all operations, a line each, in small letters."""
        return "\n".join(contract.path for contract in self.entries).lower()

    @cached_property
    def _by_method(self) -> Mapping[str, Sequence[tuple[str, Contract]]]:
        """The contracts, each with the text that the paths of its requests begin with."""
        by_method: dict[str, list[tuple[str, Contract]]] = {}
        for contract in self.entries:
            by_method.setdefault(contract.method, []).append((contract.path.partition("{")[0], contract))
        return by_method

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], Contract]:
        return {(contract.version, contract.operation): contract for contract in reversed(self.entries)}

    def find(self, method: str, path: str) -> Contract | None:
        """Return the contract that describes requests with this *method* and *path*, None if there is none.

        A path that nearly is the documented one counts: what would be passed over for a slash too many is judged, and
        the slash is a finding.
        """
        for start, contract in self._by_method.get(method, ()):
            if path.startswith(start) and contract.pattern.fullmatch(path):  # compiles only the patterns that it needs
                return contract
        return self._nearest(method, path)

    def _nearest(self, method: str, path: str) -> Contract | None:
        """Return the contract of which a request is, though its path is written in another way than documented."""
        tidied = tidied_path(path)
        lowered = tidied.lower()
        for start, contract in self._by_method.get(method, ()):
            if lowered.startswith(start.rstrip("/").lower()) and contract.nearly_describes(tidied):
                return contract
        return None

    def why_not_judged(self, exchange: Exchange) -> str | None:
        """Return why no schema judges the answer of *exchange*, None if one does."""
        contract = self.of(exchange)
        return "no contract" if contract is None else contract.why_not_judged(exchange)

    def get(self, version: str, operation: str) -> Contract:
        """Return the contract of *operation* in *version*.

        Raises:
            ContractNotFoundError: if there is none; it names the versions that have one.
        """
        contract = self._by_name.get((version, operation))
        if contract is None:
            known = {c.version for c in self.entries if c.operation == operation}
            operations = {c.operation for c in self.entries if c.version == version}
            raise ContractNotFoundError(operation, version, known, operations)
        return contract

    def identify(self, interaction: Interaction) -> Exchange:
        """Return *interaction* as an exchange of the operation and version that its method and path belong to."""
        contract = self.find(interaction.method, interaction.path)
        if contract is None:
            return Exchange(interaction, None, None)
        return Exchange(interaction, contract.operation, contract.version)

    def of(self, exchange: Exchange) -> Contract | None:
        """Return the contract of an identified exchange, None if it has none."""
        if exchange.operation is None or exchange.version is None:
            return None
        return self.get(exchange.version, exchange.operation)

    def check(self, exchange: Exchange) -> Iterator[Finding]:
        """Yield what is wrong with *exchange* by the contract of its operation and version."""
        contract = self.of(exchange)
        if contract is not None:
            yield from contract.check(exchange)
        elif exchange.interaction.is_hubspot:
            label = exchange.label
            yield Finding.of(Kind.UNKNOWN_OPERATION, f"{label} is under no contract", exchange=exchange, after=label)
