"""Contracts from OpenAPI 3.0 and 3.1 documents."""

from pytest_hubfiles.openapi.documents import Document, OpenApiError, parse, read
from pytest_hubfiles.openapi.files import FileNotWrittenError, FilesDifferError, save, text_of
from pytest_hubfiles.openapi.importing import Imported, contracts

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
