"""``hubfiles sandbox``: the fake server, served until it is interrupted."""

from __future__ import annotations

import signal
import sys
import time

import click

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.sandbox import SWITCHES, Sandbox


def _switches(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        for switch in SWITCHES.values():
            click.echo(f"{switch.name:<18} {switch.kind:<6} {switch.effect} ({switch.origin})")
        context.exit()


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port to listen on; 0 picks a free one.")
@click.option(
    "--drift", "switches", multiple=True, metavar="NAME…", help="A deviation to show, or a fault (repeatable)."
)
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_switches, help="List what --drift takes."
)
@click.argument("more", nargs=-1, metavar="")
def sandbox(port: int, switches: tuple[str, ...], more: tuple[str, ...]) -> None:
    """Serve a fake of HubSpot's four Files task endpoints on 127.0.0.1 until interrupted.

    It is built from public evidence and is not HubSpot; what it sends must not be taken for HubSpot's.
    """
    if more and not switches:
        raise click.UsageError(f"{more[0]!r} is no argument; switches are given with --drift")
    for stop in (signal.SIGINT, signal.SIGTERM):  # a shell starts its background jobs with SIGINT ignored
        signal.signal(stop, signal.default_int_handler)
    try:
        with Sandbox(port=port, switches=(*switches, *more)) as server:
            click.echo(f"Fake HubSpot server on {server.url} (Ctrl-C stops it)")
            sys.stdout.flush()
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("stopped")
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None
