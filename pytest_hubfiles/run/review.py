"""What waits for a person: the findings that keep candidates from becoming cassettes, each once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_hubfiles import cassettes
from pytest_hubfiles.compare.beside import Beside, beside
from pytest_hubfiles.compare.shapes import Shape, shape_declared, shape_of_all
from pytest_hubfiles.model.body import BodyNotJsonError
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Category
from pytest_hubfiles.record import accept_candidate, candidates
from pytest_hubfiles.report.formats.way_out import is_settled_by_deviation
from pytest_hubfiles.run import accepted, on_disk, verdict
from pytest_hubfiles.run.accepted import FoundFinding
from pytest_hubfiles.run.settings import Settings
from pytest_hubfiles.visible import shown


@dataclass(frozen=True, slots=True)
class Question:
    """A ``finding`` to decide about, and the ``candidates`` that it keeps back."""

    finding: Finding
    candidates: tuple[Path, ...]

    @property
    def takes_deviation(self) -> bool:
        """Whether only a deviation settles it: with the candidate accepted, the replay would be red for it."""
        return is_settled_by_deviation(self.finding)


@dataclass
class Review:
    """The candidates at ``paths``, and what is open about them.

    ``questions`` are the findings to decide about, ``ready`` the candidates about which nothing is open, ``refused``
    those that nobody can accept, each with the reasons.
    """

    settings: Settings
    paths: Sequence[Path]
    questions: list[Question] = field(default_factory=list)
    ready: list[Path] = field(default_factory=list)
    refused: dict[Path, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look at what lies there.

        Raises:
            HubfilesError: if a file that the settings name cannot be used.
        """
        keeping: dict[str, Question] = {}
        for path in dict.fromkeys(path for named in self.paths for path in on_disk.candidates_in(named)):
            try:
                reasons = candidates.why_refused(path, self._limits)
                open_ones = [] if reasons else self._open(path)
            except cassettes.CassetteUnreadableError as error:
                reasons, open_ones = [str(error)], []
            if reasons:
                self.refused[path] = reasons
            elif not open_ones:
                self.ready.append(path)
            for finding in open_ones:
                known = keeping.get(finding.fingerprint, Question(finding, ()))
                keeping[finding.fingerprint] = replace(known, candidates=(*known.candidates, path))
        self.questions = sorted(keeping.values(), key=_weight)

    @property
    def _limits(self) -> cassettes.Limits:
        return replace(self.settings.limits, root=None)

    def _open(self, candidate: Path) -> list[Finding]:
        rules = self.settings.rules()
        decided = candidates.accepted_in(candidate, self._limits)
        found = on_disk.of_file(candidate, rules, self._limits, self.settings.additions)
        return [finding for finding in verdict.at_or_above(found, rules) if finding.fingerprint not in decided]

    def accept(self, question: Question) -> None:
        """Note in each of its candidates that the finding is accepted.

        Raises:
            HubfilesError: if one cannot be read or written.
        """
        for candidate in question.candidates:
            candidates.accept_in(candidate, question.finding.fingerprint, self._limits)

    def promote(self, candidate: Path) -> Path:
        """Make *candidate* the cassette beside it; return that.

        Raises:
            HubfilesError: if it is refused, or a file cannot be read or written.
        """
        return accept_candidate(candidate, is_excused=self.settings.rules().excuses)

    def deviate(self, question: Question, reason: str, until: dt.date | None) -> None:
        """Write a deviation that excuses the finding, for this *reason* and to the last day *until*.

        Raises:
            HubfilesError: if it cannot be excused, or the file cannot be used.
        """
        shown_by = tuple(shown(cassettes.of_candidate(candidate)) for candidate in question.candidates)
        found = FoundFinding(question.finding, shown(question.candidates[0]), shown_by)
        deviation, file = accepted.deviation_for(found, reason, until), self.settings.deviations_file
        if accepted.renew(file, deviation) is None:
            accepted.add(file, deviation)

    def shapes(self, question: Question) -> Beside:
        """Return the shape before and after around the place of the finding; before is what is documented, or was."""
        finding, candidate = question.finding, question.candidates[0]
        after = self._shape(cassettes.read(candidate, self._limits), finding)
        if finding.category is Category.DRIFT:
            before = self._shape(on_disk.held_before(candidate, self._limits), finding)
        else:
            before = self._documented(finding)
        return beside(before, after, finding.path)

    def _documented(self, finding: Finding) -> Shape | None:
        if finding.version is None or finding.operation is None or finding.http_status is None:
            return None
        declared = self.settings.contracts.get(finding.version, finding.operation).outline(finding.http_status)
        return shape_declared(declared) if declared else None

    def _shape(self, recorded: Iterable[Interaction], finding: Finding) -> Shape | None:
        contracts = self.settings.contracts
        alike = [e for e in map(contracts.identify, recorded) if _is_of(e, finding)]
        if not alike:
            return None
        contract = contracts.get(str(finding.version), str(finding.operation))
        return shape_of_all(list(_bodies(alike)), contract.place(alike[0].status_code))


def _weight(question: Question) -> tuple[object, ...]:
    """Return what sorts the weightiest first, and what happened before what the contract says of it."""
    finding = question.finding
    return -finding.severity.rank, finding.category is not Category.DRIFT, str(finding.operation), finding.path


def _is_of(exchange: Exchange, finding: Finding) -> bool:
    return (
        (exchange.version, exchange.operation) == (finding.version, finding.operation)
        and finding.http_status in (None, exchange.status_code)
        and finding.task_status in (None, exchange.task_status)
    )


def _bodies(exchanges: Iterable[Exchange]) -> Iterator[object]:
    for exchange in exchanges:
        try:
            yield exchange.json
        except (BodyNotJsonError, RecursionError):
            continue
