"""Findings about a cassette file itself: it cannot be read, or it holds a credential."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from pytest_hubfiles import secrets
from pytest_hubfiles.cassettes import CassetteUnreadableError
from pytest_hubfiles.cassettes.files import content
from pytest_hubfiles.cassettes.limits import Limits
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.secrets import NOTHING_MORE, Additions
from pytest_hubfiles.secrets.patterns import plain_tokens

_AGAIN: Final = "Record it again with --hubfiles-record rewrite and --hubfiles-accept, or restore it."


def unreadable(error: CassetteUnreadableError, display_name: str, advice: str = _AGAIN) -> Finding:
    """Return the finding for a cassette that cannot be read, with an *advice*."""
    said = f"{error.described(display_name)}\n{advice}"
    return Finding.of(Kind.CASSETTE_UNREADABLE, said, cassette=display_name, before=display_name, line=error.line)


def scrubbed(
    interactions: Sequence[Interaction], additions: Additions = NOTHING_MORE
) -> tuple[list[Interaction], list[Finding]]:
    """Return *interactions* without credentials, and a finding for each place where one stood.

    A credential that one of them sent is scrubbed from all of them. *additions* are what a suite has scrubbed besides.
    """
    known = {value for interaction in interactions for value in secrets.credentials_in(interaction.request_headers)}
    clean = [secrets.scrub(interaction, known, additions) for interaction in interactions]
    places = ((i.line, c.places) for i, c in zip(interactions, clean, strict=True))
    return [c.interaction for c in clean], credentials_found(places)


def outside_recordings(path: Path, limits: Limits, found: bool) -> list[Finding]:
    """Return a finding for each credential in what no interaction is made of: the file's name, comments, unknown keys.

    Outside comments, only what has the shape of a token counts, and only where no other credential is *found* in the
    file: then the file is to be recorded again anyway.
    """
    places: list[tuple[int | None, list[str]]]
    places = [(None, ["name of the file"])] if secrets.redact(path.name) != path.name else []
    places += [(None, ["name of its folder"])] if secrets.redact(path.parent.name) != path.parent.name else []
    try:
        text = content(path, limits).decode("utf-8", "replace")
    except CassetteUnreadableError:
        return credentials_found(places)
    has_tokens = not found and bool(plain_tokens(text))
    if not has_tokens and "#" not in text:
        return credentials_found(places)
    for number, line in enumerate(text.splitlines(), 1):
        is_comment = line.lstrip().startswith("#")
        if is_comment and secrets.redact(line) != line:
            places.append((number, ["file, in a comment"]))
        elif not is_comment and has_tokens and plain_tokens(line):
            places.append((number, ["file, outside of what is recorded"]))
    return credentials_found(places)


def credentials_found(places: Iterable[tuple[int | None, Iterable[str]]]) -> list[Finding]:
    """Return a finding for each place where a credential stood; *places* come with the lines of their interactions.

    The finding names the place, never the credential.
    """
    lines: dict[str, list[int | None]] = {}
    for line, found in places:
        for place in found:
            lines.setdefault(place, []).append(line)
    return [
        Finding.of(
            Kind.SECRET_IN_CASSETTE,
            f"a credential stands in the {place}. Revoke it, and record the cassette again; if it is none, accept it.",
            after=place,
            line=where[0],
            exchanges=len(where),
        )
        for place, where in lines.items()
    ]
