"""Makes contracts of OpenAPI 3.0 and 3.1 documents, in the form of this project's own schema files.

It keeps the keywords that judge, and leaves out prose. What OpenAPI writes in its own way becomes draft 2020-12:
``nullable`` is one more type, a boolean ``exclusiveMinimum`` a number, and what is ``readOnly`` or ``writeOnly`` is not
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
from pytest_hubfiles.openapi.documents import Document
from pytest_hubfiles.openapi.files import text_of
from pytest_hubfiles.openapi.operations import named, wanted


@dataclass(frozen=True)
class Imported:
    """The contracts of a document, and notes, each a sentence, on what they do not judge."""

    contracts: tuple[Contract, ...]
    notes: tuple[str, ...]


def contracts(
    document: Document, globs: Sequence[str] = (), version: str | None = None, known: Iterable[Contract] = ()
) -> Imported:
    """Make contracts of the task operations in *document*, and of the paths that *globs* match.

    The version of an operation is *version*, or stands in its path. If any version in *known* has the operation, it
    keeps the name that it has there. Another operation of a task is named after the last fixed part of the path that
    starts the task, with ``-start`` or ``-status`` (``/crm/v3/exports/export/async``: ``export-start``), and with as
    many parts before it as make the name unique. An operation of no task is named after its method and its whole path
    without the version (``get-crm-imports-by-import-id``).

    Raises:
        OpenApiError: if no operation is wanted, a glob matches nothing, or an operation makes no contract.
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
