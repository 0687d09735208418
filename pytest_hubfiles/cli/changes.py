"""``hubfiles changes``: what the API may do differently, as far as cassettes let a test be tried with it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pytest_hubfiles.cli.options import cassettes_at, reads_settings
from pytest_hubfiles.cli.output import USAGE, progress, say
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.settings.values import FAMILIES
from pytest_hubfiles.visible import shown, visible_json

if TYPE_CHECKING:
    from pytest_hubfiles.rehearsal.changes import Change, Family
    from pytest_hubfiles.run.settings import Settings


@dataclass
class _Listed:
    """A change with its family, and where it can be tried."""

    change: Change
    family: Family
    versions: set[str] = field(default_factory=set)
    cassettes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        change = self.change
        return {
            "change": str(change),
            "family": self.family,
            "operation": change.operation,
            "path": change.path,
            "kind": change.kind,
            "variant": change.variant,
            "versions": sorted(self.versions),
            "cassettes": self.cassettes,
        }


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH…]")
@click.option("--family", type=click.Choice(FAMILIES), default="all", show_default=True, help="Which ones to list.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="How to list them.",
)
@reads_settings("strict", "schemas", "deviations")
def changes(paths: tuple[Path, ...], *, settings: Settings, family: str, form: str) -> None:
    """List the changes of the API that the cassettes in PATH allow a test to be tried with.

    PATH is a cassette or a folder of them, default: the cassette root; candidates are left out. A change is allowed by
    the contract of its operation, breaks it, or is an event such as an outage. Exit status: 0 listed, 1 nothing to
    list, 2 usage, or a cassette or schemas that cannot be read.
    """
    try:
        listed, unread = _list(cassettes_at(paths or (settings.cassettes,)), settings, family)
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None
    if form == "json":
        document = {"changes": [one.to_dict() for one in listed]}
        click.echo(visible_json(json.dumps(document, indent=2, ensure_ascii=False)))
    elif listed:
        say("\n".join(_lines(listed)))
    for complaint in unread:
        say(complaint, err=True)
    if not listed:
        say("No change to list: no cassette there holds an exchange under a contract that allows one.", err=True)
    sys.exit(USAGE if unread else int(not listed))


def _list(paths: Sequence[Path], settings: Settings, family: str) -> tuple[list[_Listed], list[str]]:
    """Return the changes of *family*, or all, that the cassettes at *paths* allow, and why some cannot be read."""
    from pytest_hubfiles import cassettes
    from pytest_hubfiles.cassettes import file_findings
    from pytest_hubfiles.rehearsal.changes import Recording
    from pytest_hubfiles.rehearsal.choice import Choice

    listed: dict[tuple[Change, Family], _Listed] = {}
    unread = []
    contracts, limits = settings.contracts, replace(settings.limits, root=None)
    choice = Choice(family, known=settings.rules().known_deviations)
    for path in progress([path for path in paths if not cassettes.is_candidate(path)], "read"):
        try:
            recorded, _ = file_findings.scrubbed([i.plain() for i in cassettes.read(path, limits)], settings.additions)
        except cassettes.CassetteUnreadableError as error:
            unread.append(error.described(shown(path)))
            continue
        versions = Recording(recorded, contracts).versions
        for change, its in choice.of(recorded, contracts):
            one = listed.setdefault((change, its), _Listed(change, its))
            one.versions |= versions[change.operation]
            one.cassettes.append(shown(path))
    return list(listed.values()), unread


def _lines(listed: Sequence[_Listed]) -> Iterator[str]:
    """Yield the lines for a terminal: by operation and place, the changes of one family and place in a line."""
    counts = Counter(one.family for one in listed)
    cassettes = {name for one in listed for name in one.cassettes}
    said = ", ".join(f"{counts[name]} {text}" for name, text in _COUNTED.items() if counts[name])
    yield f"{len(listed)} changes, by {len(cassettes)} cassette{'s' * (len(cassettes) != 1)}: {said}"
    operations: dict[tuple[str, tuple[str, ...]], list[_Listed]] = {}
    for one in listed:
        operations.setdefault((one.change.operation, tuple(sorted(one.versions))), []).append(one)
    for (operation, versions), its in sorted(operations.items(), key=lambda item: item[0]):
        yield f"\n{operation}  ({', '.join(versions)})"
        places: dict[tuple[str, Family], list[Change]] = {}
        for one in its:
            places.setdefault((one.change.path or "", one.family), []).append(one.change)
        width = max(len(path) for path, _ in places)
        for (path, family), changes in sorted(places.items(), key=lambda item: item[0]):
            yield f"  {path or '(the answer)':{max(width, 12)}}  {family:8}  {', '.join(_kinds(changes))}"
    yield '\nA name is OPERATION [PLACE] KIND [VARIANT]: "import-status $.completedAt format-changed no-millis".'


_COUNTED: Final[dict[Family, str]] = {"allowed": "allowed", "breaking": "breaking", "event": "events"}


def _kinds(changes: Iterable[Change]) -> Iterator[str]:
    """Yield each kind of *changes* with its variants, in brackets where it may be without one."""
    variants: dict[str, list[str | None]] = {}
    for change in changes:
        variants.setdefault(change.kind, []).append(change.variant)
    for kind, its in variants.items():
        said = "|".join(variant for variant in its if variant is not None)
        yield kind if not said else f"{kind} [{said}]" if None in its else f"{kind} {said}"
