"""Contracts from OpenAPI 3.0 and 3.1 documents, in the form of this project's own schema files.

What of a schema judges is kept, what is prose is not. OpenAPI's own ways of saying things are said in draft 2020-12:
``nullable`` as one type more, a boolean ``exclusiveMinimum`` as a number, ``readOnly`` and ``writeOnly`` as not
required on the other side. A format that nothing checks becomes ``x-format``, a pattern that Python cannot read
``x-pattern``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.schema_files import SchemaFileError, checked
from pytest_hubfiles.model.hubspot_api import ApiVersion
from pytest_hubfiles.openapi.bodies import Bodies
from pytest_hubfiles.openapi.documents import Document, OpenApiError, parse, read
from pytest_hubfiles.openapi.files import FileNotWrittenError, FilesDifferError, save, text_of
from pytest_hubfiles.openapi.operations import named, wanted

__all__ = [
    "Document",
    "FileNotWrittenError",
    "FilesDifferError",
    "Imported",
    "OpenApiError",
    "contracts",
    "parse",
    "read",
    "save",
    "text_of",
]


@dataclass(frozen=True)
class Imported:
    """What a document gave: the contracts, and in sentences what of it they do not judge."""

    contracts: tuple[Contract, ...]
    notes: tuple[str, ...]


def contracts(
    document: Document, globs: Sequence[str] = (), version: str | None = None, known: Iterable[Contract] = ()
) -> Imported:
    """Make contracts of the task operations in *document* and of what *globs* match, checked as a user's own files.

    An operation's version is *version*, or stands in its path. An operation that is among *known* in any version has
    the name that it has there. Any other is called by the last fixed part of the path on which its task is started,
    and ``-start`` or ``-status`` (``/crm/v3/exports/export/async``: ``export-start``), with as many parts before it
    as it takes to be unlike the others and *known*. What is no task is called by its method and its whole path but
    for the version (``get-crm-imports-by-import-id``).

    Raises:
        OpenApiError: if nothing is wanted, a glob matches nothing, or an operation makes no contract.
        UnknownVersionError: if *version* is no label of a version.
    """
    if version is not None:
        ApiVersion(version)
    notes: dict[str, None] = {}
    made = []
    for name, operation in named(document, list(wanted(document, globs, version, notes)), known):
        content = Bodies(document, operation, notes).contract(name)
        try:
            contract = checked(Path(operation.version, f"{name}.json"), content)
            text_of(contract)
        except SchemaFileError as error:
            raise document.error(f"{operation} makes no contract: {error.reason}") from None
        except UnicodeEncodeError:
            raise document.error(f"{operation} makes no contract: it has a text that is no Unicode") from None
        made.append(contract)
    return Imported(tuple(made), tuple(notes))
