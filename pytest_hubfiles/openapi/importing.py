"""Makes contracts of OpenAPI 3.0 and 3.1 documents, in the form of this project's own schema files.

It keeps the keywords that judge, and leaves out prose. What OpenAPI writes in its own way becomes draft 2020-12:
``nullable`` is one more type, a boolean ``exclusiveMinimum`` a number, and what is ``readOnly`` or ``writeOnly`` is not
required on the other side. A format that nothing checks becomes ``x-format``, a pattern that Python cannot read
``x-pattern``.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.schema_files import SchemaFileError, checked
from pytest_hubfiles.model.hubspot_api import ApiVersion
from pytest_hubfiles.openapi.bodies import REQUEST, Bodies, BodyUnusableError
from pytest_hubfiles.openapi.documents import LARGEST, Document, OpenApiError
from pytest_hubfiles.openapi.files import text_of
from pytest_hubfiles.openapi.operations import Operation, described, named, wanted

NamedOperation = tuple[str, Operation]


@dataclass(frozen=True)
class Imported:
    """The contracts of a document, and notes, each a sentence, on what they do not judge."""

    contracts: tuple[Contract, ...]
    notes: tuple[str, ...]


def contracts(
    document: Document,
    globs: Sequence[str] = (),
    version: str | None = None,
    known: Iterable[Contract] = (),
    each: Callable[[Sequence[NamedOperation]], Iterable[NamedOperation]] = iter,
) -> Imported:
    """Make contracts of the task operations in *document*, and of the paths that *globs* match.

    The version of an operation is *version*, or stands in its path. If any version in *known* has the operation, it
    keeps the name that it has there. Another operation of a task is named after the last fixed part of the path that
    starts the task, with ``-start`` or ``-status`` (``/crm/v3/exports/export/async``: ``export-start``), and with as
    many parts before it as make the name unique. An operation of no task is named after its method and its whole path
    without the version (``get-crm-imports-by-import-id``). *each* goes through the operations.

    Raises:
        OpenApiError: if no operation is wanted, a glob matches nothing, or no operation makes a contract.
        UnknownVersionError: if *version* is no label of a version.
    """
    if version is not None:
        ApiVersion(version)
    notes: dict[str, None] = {}
    made: list[Contract] = []
    failed: list[OpenApiError] = []
    sound: set[str] = set()
    size = 0
    for name, operation in each(named(document, list(wanted(document, globs, version, notes)), known)):
        try:
            made.append(_contract(document, operation, name, notes, sound))
        except OpenApiError as error:
            failed.append(error)
            notes[f"{operation} is left out: {error.reason}"] = None
            continue
        size += len(text_of(made[-1]))
        if size > LARGEST:  # what many operations share is written for each
            raise document.error(
                f"the schema files of its operations would have more than {LARGEST // 1_000_000} MB; split the document"
            )
    if not made:
        raise failed[0]
    return Imported(tuple(made), tuple(notes))


def _contract(document: Document, operation: Operation, name: str, notes: dict[str, None], sound: set[str]) -> Contract:
    """Make the contract of *operation*; a body that has no usable schema is not judged, which *notes* say.

    *sound* are the definitions that are known to be valid.

    Raises:
        OpenApiError: if no success could be judged.
    """
    unusable: dict[str, OpenApiError] = {}
    while True:
        said: dict[str, None] = {}
        bodies = Bodies(document, operation, said)
        try:
            contract = _checked(document, operation, name, bodies.contract(name, unusable), sound)
        except OpenApiError as error:
            found = (
                error if isinstance(error, BodyUnusableError) else _culprit(document, operation, name, unusable, sound)
            )
            if found is None or found.body in unusable:
                raise (error if not unusable else next(iter(unusable.values()))) from None
            unusable[found.body] = found
            continue
        if unusable and not any(pointer for status, pointer in contract.responses.items() if status[0] == "2"):
            raise next(iter(unusable.values()))
        notes.update(said)
        for body, reason in unusable.items():
            what = "the request's body" if body == REQUEST else f"the answer {body}"
            notes[f"{what} of {operation} has no usable schema, so it is not judged: {reason.reason}"] = None
        return contract


def _checked(document: Document, operation: Operation, name: str, content: object, sound: set[str]) -> Contract:
    try:
        contract = checked(Path(operation.version, f"{name}.json"), content, sound)
        text_of(contract)
    except SchemaFileError as error:
        raise document.error(f"{operation} makes no contract: {error.reason}") from None
    except UnicodeEncodeError:
        raise document.error(f"{operation} makes no contract: it has a text that is no Unicode") from None
    return contract


def _culprit(
    document: Document, operation: Operation, name: str, unusable: Collection[str], sound: set[str]
) -> BodyUnusableError | None:
    """Return a body of *operation* that makes no contract by itself, None if there is none."""
    node = document.follow(operation.node, str(operation))
    answers = node.get("responses")
    bodies = [REQUEST, *(answers if isinstance(answers, Mapping) else ())]
    for body in (body for body in bodies if body not in unusable):
        others = {other for other in bodies if other != body}
        try:
            _checked(document, operation, name, Bodies(document, operation, {}).contract(name, others), sound)
        except OpenApiError as error:
            return BodyUnusableError(error, body)
    return None


def remembered(document: Document, there: Iterable[Contract]) -> tuple[list[str], list[Contract]]:
    """Return patterns for the paths of the contracts *there* that *document* still describes, and those it lost.

    Only contracts count that were made from a document of this title, for a version that is in one of its paths.
    """
    known = described(document)
    versions = {segment for _, path in known for segment in path.split("/")}
    its = [c for c in there if c.source is not None and c.source.title == document.origin.title]
    paths = [glob.escape(contract.path) for contract in its if (contract.method, contract.path) in known]
    lost = [c for c in its if (c.method, c.path) not in known and c.version in versions]
    return list(dict.fromkeys(paths)), lost
