"""``hubfiles adopt``: a suite of pytest-recording or plain vcrpy taken over."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_hubfiles.cli.options import reads_settings
from pytest_hubfiles.cli.output import USAGE, progress, say, say_source
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.visible import shown

if TYPE_CHECKING:
    from pytest_hubfiles.adoption.adopt import Adopted, Adoption
    from pytest_hubfiles.run.settings import Settings


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="PATH…")
@click.option("--write", is_flag=True, help="Move the cassettes, or copy those that several tests use.")
@reads_settings(judges=True)
def adopt(paths: tuple[Path, ...], *, settings: Settings, write: bool) -> None:
    """Take over a suite of pytest-recording or plain vcrpy: its tests and cassettes in PATH.

    It says what each cassette holds, which cassette each test will look for, and what to change in the tests, as a diff
    that git apply takes. Pytest collects the tests, so that they are imported. Nothing is changed without --write,
    and the tests are left to you with it. A credential in a cassette is scrubbed when the cassette is moved.

    Exit status: 0, 1 where a test has no cassette or something is left to do by hand, 2 where the tests cannot be
    collected or nothing could be written.
    """
    from pytest_hubfiles.adoption import adopt as adoption_of
    from pytest_hubfiles.adoption import suite

    try:
        each = partial(progress, done="read")
        adoption = adoption_of.Adoption.of(suite.collected(paths), paths, settings, each)
        diff, left = adoption.edits(Path.cwd())
        if not adoption.tests and not adoption.holdings:
            raise click.UsageError(
                "no test there has @pytest.mark.vcr, use_cassette or VCRTestCase, and there is no cassette"
            )
        left = [*_by_hand(adoption), *left]
        for line in _cassettes(adoption):
            say(line)
        for one in adoption.tests:
            say(_told(adoption, one, write))
    except HubfilesError as error:
        say(str(error), err=True)
        sys.exit(USAGE)
    left += _deletable(adoption) if write else []
    if diff:
        say("\nin the tests, for git apply:")
        say_source(diff)
    for place in adoption.configured():
        say(f"note: {place}: vcr_config is for pytest-recording; hubfiles_vcr_config is for hubfiles", err=True)
    for line in left:
        say(f"by hand: {line}", err=True)
    if not write:
        say("Nothing was changed; --write moves the cassettes.", err=True)
    sys.exit(int(bool(left)))


def _cassettes(adoption: Adoption) -> Iterator[str]:
    for path, held in adoption.holdings.items():
        yield f"{shown(path)}: {held}"
    for path, reason in adoption.unreadable.items():
        yield f"{shown(path)}: cannot be read: {reason}"


def _told(adoption: Adoption, one: Adopted, write: bool) -> str:
    """Return which cassette a test looks for, once it is there if the command is to *write* it."""
    target = shown(one.target.relative_to(Path.cwd()) if one.target.is_relative_to(Path.cwd()) else one.target)
    said = f"{one.test.id} looks for {target}"
    if one.is_there:
        return f"{said}, which is there"
    if not one.sources:
        return f"{said}, and has no cassette"
    is_shared = any(adoption.uses[source.path] > 1 for source in one.sources)
    done = adoption.write(one) if write else f"to be {'copied' if is_shared else 'moved'}"
    names = " and ".join(shown(source.path) for source in one.sources)
    return f"{said}, {done} from {names}" + (", without its credentials" if any(s.places for s in one.sources) else "")


def _by_hand(adoption: Adoption) -> Iterator[str]:
    """Yield what a person has to do besides the changes in the tests."""
    for one in adoption.tests:
        if not one.sources and not one.is_there:
            yield f"record {one.test.id}, which has no cassette: pytest --hubfiles-record once {one.test.id!r}"
        if one.test.takes_cassette:
            yield f"{one.test.id} asks for the fixture vcr; hubfiles.exchanges has what was sent"
    if adoption.common_version is not None:
        yield f"say in pytest's settings which version the suite is for: hubfiles_version = {adoption.common_version}"
    exposed = [shown(held.path) for held in adoption.holdings.values() if held.places]
    if exposed:
        yield f"revoke the credentials that stood in {', '.join(exposed)}, and in the history of git perhaps"
    for option in adoption.suite.options:
        yield f"take {option} out of addopts: pytest knows it only with the recorder that the suite comes from"


def _deletable(adoption: Adoption) -> Iterator[str]:
    """Yield which cassettes are of no use any more, as each test has its own copy of them."""
    copied = [shown(path) for path, uses in adoption.uses.items() if uses > 1 and path.exists()]
    if copied:
        yield f"delete what was copied, once the tests replay: {', '.join(copied)}"
