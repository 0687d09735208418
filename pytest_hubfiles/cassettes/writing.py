"""Writes cassettes in vcrpy's format: bodies as they were sent, the same bytes for the same answers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from pytest_hubfiles.cassettes import own_form
from pytest_hubfiles.cassettes.errors import CassetteNotWrittenError, RefusedError
from pytest_hubfiles.cassettes.files import write
from pytest_hubfiles.cassettes.limits import USUAL, Limits
from pytest_hubfiles.cassettes.reading import FORMAT_VERSION, interactions_in
from pytest_hubfiles.model.exchange import Interaction


class _Text(str):
    """A text to be written as a YAML block, if YAML can."""

    __slots__ = ()


_BLOCK_BREAKERS: Final = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LIBYAML_QUOTES: Final = re.compile(r"[\t\U00010000-\U0010ffff]| (?:\n|\Z)")


def _represent_text(dumper: Any, text: _Text) -> yaml.nodes.ScalarNode:
    node: yaml.nodes.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")
    return node


class _BlockDumper(yaml.SafeDumper):
    """Writes blocks that libyaml would quote, although YAML allows them: emoji, tabs, blanks at the end of a line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def analyze_scalar(self, scalar: str) -> Any:
        analysis = super().analyze_scalar(scalar)
        analysis.allow_block = bool(scalar.strip()) and not _BLOCK_BREAKERS.search(scalar)
        if "\x85" in scalar:  # PyYAML writes it as a line break, and reads that as a blank
            analysis.allow_single_quoted = analysis.allow_flow_plain = analysis.allow_block_plain = False
        return analysis

    def determine_block_hints(self, text: str) -> str:
        hints: str = super().determine_block_hints(text)
        # YAML readers refuse a block that begins with a tab, unless its header gives the indentation.
        return f"{self.best_indent}{hints}" if text.startswith("\t") else hints


class _FastDumper(getattr(yaml, "CSafeDumper", _BlockDumper)):  # type: ignore[misc]  # libyaml, if PyYAML has it
    """Writes with libyaml, and without aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _dumper in (_FastDumper, _BlockDumper):
    _dumper.add_representer(_Text, _represent_text)


def _written_body(body: bytes) -> _Text | bytes | None:
    if not body:
        return None
    try:
        return _Text(body.decode("utf-8"))
    except UnicodeDecodeError:
        return body


def dump(interactions: Sequence[Interaction]) -> bytes:
    """Return *interactions* as the content of a cassette file in vcrpy's format, version 1."""
    text = own_form.text_of(interactions)
    return by_yaml(interactions) if text is None else text.encode("ascii")


def by_yaml(interactions: Sequence[Interaction]) -> bytes:
    """Return the same with a YAML library."""
    document = {
        "interactions": [
            {
                "request": {
                    "body": _written_body(interaction.request_body),
                    "headers": {name: list(values) for name, values in interaction.request_headers.items()},
                    "method": interaction.method,
                    "uri": interaction.url,
                },
                "response": {
                    "body": {"string": _written_body(interaction.response_body) or ""},
                    "headers": {name: list(values) for name, values in interaction.response_headers.items()},
                    "status": {"code": interaction.status_code, "message": interaction.reason},
                },
            }
            for interaction in interactions
        ],
        "version": FORMAT_VERSION,
    }
    bodies = (body for interaction in interactions for body in (interaction.request_body, interaction.response_body))
    plain = not any(_LIBYAML_QUOTES.search(body.decode("utf-8", "replace")) for body in bodies)
    dumper = _FastDumper if plain else _BlockDumper
    written: str = yaml.dump(document, Dumper=dumper, allow_unicode=True, width=2**20, sort_keys=True)
    return written.encode("utf-8")


def save(
    path: Path,
    interactions: Sequence[Interaction],
    limits: Limits = USUAL,
    *,
    header: str = "",
    check: Callable[[bytes], object] | None = None,
) -> None:
    """Write *interactions* as the cassette *path*, after the comment lines in *header*; see :func:`write`.

    *check* gets the content before it is written, and may raise any error.

    Raises:
        CassetteNotWrittenError: also if :func:`read` would refuse the file.
    """
    # First by its bodies alone: writing those of some hundred megabytes as YAML would take minutes.
    _check_size(path, sum(len(i.request_body) + len(i.response_body) for i in interactions), limits)
    try:
        content = header.encode() + dump(interactions)
    except UnicodeEncodeError as error:
        raise CassetteNotWrittenError(path, f"{error.object[error.start]!r} in it is no character") from None
    _check_size(path, len(content), limits)
    try:
        written = sum(1 for _ in interactions_in(io.BytesIO(content), limits))
    except RefusedError as error:
        raise CassetteNotWrittenError(path, f"it could not be read again: {error.reason}") from None
    if written != len(interactions):
        raise CassetteNotWrittenError(path, f"{written} of its {len(interactions)} exchanges could be read again")
    if check is not None:
        check(content)
    write(path, content, limits.root)


def _check_size(path: Path, size: int, limits: Limits) -> None:
    if size > limits.bytes:
        reason = f"it would have {size / 1_000_000:.1f} MB, more than {limits.setting} lets pass"
        raise CassetteNotWrittenError(path, reason)
