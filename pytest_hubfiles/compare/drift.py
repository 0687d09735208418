"""What changed between two sides of recordings, operation by operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_hubfiles.compare.answers import AnswerComparison, History, OtherRecordings
from pytest_hubfiles.compare.comparison import Pair
from pytest_hubfiles.compare.shapes import plainly_alike
from pytest_hubfiles.compare.statuses import RecordedTasks, StatusComparison, StatusesByRequest
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.body import BodyNotJsonError
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import RECORDINGS, Finding
from pytest_hubfiles.model.policy import Category


def compare(
    before: Sequence[Exchange], after: Sequence[Exchange], contracts: Contracts, history: History = tuple
) -> Iterator[Finding]:
    """Yield how *after* differs in shape from *before*, per version, operation, HTTP status and task state.

    Other values, another order and another number of polls are not drift. An operation that only one side exercised
    is not compared.
    """
    if _is_plainly_the_same(before, after, contracts):  # needs no preparation, unlike what follows
        return iter(())
    return compare_all([(before, after)], contracts, OtherRecordings(history, contracts))


def compare_all(
    pairs: Sequence[Pair], contracts: Contracts, others: OtherRecordings, *, across_versions: bool = False
) -> Iterator[Finding]:
    """Yield how the second sides of *pairs* differ from the first, as :func:`compare` does.

    Shapes are merged over all pairs. A request is compared with the same request of its own pair. A finding of a lone
    pair has the line of the first exchange of *after* that shows it; several pairs come from several files.

    *across_versions* compares an operation with the same one of another version. Such findings are of category
    version, their severity follows the contract of the first side, and they stand under the version of the second.
    """
    if not across_versions and all(_is_plainly_the_same(*pair, contracts) for pair in pairs):
        return
    sides = [(_by_operation(before, across_versions), _by_operation(after, across_versions)) for before, after in pairs]
    tasks = [(RecordedTasks.of(before), RecordedTasks.of(after)) for before, after in pairs]
    for key in sorted({key for old, _ in sides for key in old} & {key for _, new in sides for key in new}):
        then, now = StatusesByRequest(), StatusesByRequest()
        for number, ((old, new), (old_tasks, new_tasks)) in enumerate(zip(sides, tasks, strict=True)):
            was, came = old.get(key, []), new.get(key, [])
            known = {e.interaction.task_id for e in was} & {e.interaction.task_id for e in came}
            then.add(number, was, old_tasks, known)
            now.add(number, came, new_tasks, known)
        all_old = [exchange for old, _ in sides for exchange in old.get(key, ())]
        all_new = [exchange for _, new in sides for exchange in new.get(key, ())]
        contract = contracts.get(str(all_old[0].version), str(all_old[0].operation))
        statuses = StatusComparison(contract, all_old, all_new, then, now)
        for found in _findings(statuses, others):
            found = found if len(pairs) == 1 else found.but(line=None)
            yield _moved(found, all_new[0]) if across_versions else found


def _findings(statuses: StatusComparison, others: OtherRecordings) -> Iterator[Finding]:
    yield from statuses.findings()
    old, new = statuses.old, statuses.new
    for status in sorted({e.status_code for e in old} & {e.status_code for e in new}):
        answers = AnswerComparison(statuses.contract, status, others)
        yield from answers.findings(
            [e for e in old if e.status_code == status], [e for e in new if e.status_code == status]
        )


def _moved(found: Finding, to: Exchange) -> Finding:
    return found.but(category=Category.VERSION, version=to.version, message=f"{RECORDINGS}{found.message}")


def _is_plainly_the_same(before: Sequence[Exchange], after: Sequence[Exchange], contracts: Contracts) -> bool:
    """Return whether each of *after* plainly has the shape of its counterpart in *before*: then nothing drifted."""
    if len(before) != len(after):
        return False
    for one, other in zip(before, after, strict=True):  # noqa: SIM110  # all() would add a twentieth to this time
        if not _are_plainly_alike(one, other, contracts):
            return False
    return True


def _are_plainly_alike(one: Exchange, other: Exchange, contracts: Contracts) -> bool:
    version, operation, old, new = one.version, one.operation, one.interaction, other.interaction
    if version != other.version or operation != other.operation:
        return False
    if version is None or operation is None:
        return True  # no contract describes them
    status = old.status_code
    if status != new.status_code or status >= 300 or old.task_status != new.task_status:
        return False  # errors are compared request by request, see StatusComparison
    said = old.response_headers.get("Content-Type")
    if (said is None or said != new.response_headers.get("Content-Type")) and old.media_type != new.media_type:
        return False
    try:
        body, its = old.json, new.json
        if body is None or its is None:
            return False
        return plainly_alike(body, its, contracts.get(version, operation).place(status))
    except (BodyNotJsonError, RecursionError):
        return False


def _by_operation(exchanges: Iterable[Exchange], across_versions: bool) -> dict[tuple[str, ...], list[Exchange]]:
    grouped: dict[tuple[str, ...], list[Exchange]] = {}
    for exchange in exchanges:
        if exchange.operation is not None and exchange.version is not None:
            key = (exchange.operation,) if across_versions else (exchange.version, exchange.operation)
            grouped.setdefault(key, []).append(exchange)
    return grouped
