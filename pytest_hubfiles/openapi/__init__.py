"""Contracts from OpenAPI 3.0 and 3.1 documents."""

from pytest_hubfiles.openapi.documents import Document, OpenApiError, parse, read
from pytest_hubfiles.openapi.files import (
    FileNotWrittenError,
    FilesDifferError,
    SchemaFile,
    contracts_in,
    save,
    text_of,
)
from pytest_hubfiles.openapi.importing import Imported, contracts, remembered

__all__ = [
    "Document",
    "FileNotWrittenError",
    "FilesDifferError",
    "Imported",
    "OpenApiError",
    "SchemaFile",
    "contracts",
    "contracts_in",
    "parse",
    "read",
    "remembered",
    "save",
    "text_of",
]
