"""The command line: ``hubfiles accept`` and ``hubfiles sandbox``."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import click

from pytest_hubfiles import cassettes, takes
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.sandbox import SWITCHES, Sandbox

_USAGE = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-hubfiles", prog_name="hubfiles")
def main() -> None:
    """Record, replay and contract-test HubSpot's asynchronous Files endpoints."""


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH…]")
def accept(paths: tuple[Path, ...]) -> None:
    """Promote candidates: make what was recorded the cassette, in spite of its findings.

    PATH is a candidate, its cassette, or a folder of them; without one, the folder cassettes.
    A candidate of an outage or of a failed test is refused. Exit status: 0 all promoted, 1 some refused,
    2 nothing found or unreadable.
    """
    candidates: list[Path] = []
    for path in paths or (Path("cassettes"),):
        found = _candidates(path)
        if not found:
            raise click.UsageError(f"{path}: no candidate there; one is called <name>{cassettes.CANDIDATE_SUFFIX}")
        candidates += found
    status = 0
    for candidate in dict.fromkeys(candidates):
        try:
            click.echo(f"promoted: {takes.accept(candidate)}")
        except takes.CandidateRefusedError as error:
            click.echo(str(error), err=True)
            status = max(status, 1)
        except HubfilesError as error:
            click.echo(str(error), err=True)
            status = _USAGE
    sys.exit(status)


def _candidates(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.rglob(f"*{cassettes.CANDIDATE_SUFFIX}"))
    candidate = path if path.name.endswith(cassettes.CANDIDATE_SUFFIX) else cassettes.candidate_path(path)
    return [candidate] if candidate.is_file() else []


def _switches(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        for switch in SWITCHES.values():
            click.echo(f"{switch.name:<18} {switch.kind:<6} {switch.effect} ({switch.origin})")
        context.exit()


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port to listen on; 0 picks a free one.")
@click.option(
    "--drift", "switches", multiple=True, metavar="NAME…", help="A deviation to show, or a fault (repeatable)."
)
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_switches, help="List what --drift takes."
)
@click.argument("more", nargs=-1, metavar="")
def sandbox(port: int, switches: tuple[str, ...], more: tuple[str, ...]) -> None:
    """Serve a stand-in for HubSpot's four Files task endpoints on 127.0.0.1 until interrupted.

    It is built from public evidence and is not HubSpot; what it sends must not be taken for HubSpot's.
    """
    if more and not switches:
        raise click.UsageError(f"{more[0]!r} is no argument; switches are given with --drift")
    for stop in (signal.SIGINT, signal.SIGTERM):  # a shell starts its background jobs with SIGINT ignored
        signal.signal(stop, signal.default_int_handler)
    try:
        with Sandbox(port=port, switches=(*switches, *more)) as server:
            click.echo(f"HubSpot stand-in on {server.url} (Ctrl-C stops it)")
            sys.stdout.flush()
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("stopped")
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None
