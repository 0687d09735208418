"""The command line as a person at a terminal meets it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from pytest_hubfiles.cli.main import main
from pytest_hubfiles.sandbox import SWITCHES, Sandbox

COMMANDS = {
    "hubfiles": [str(Path(sys.executable).with_name("hubfiles"))],
    "python -m": [sys.executable, "-m", "pytest_hubfiles"],
}


def hubfiles(*args: str, command: str = "python -m") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMANDS[command], *args], capture_output=True, text=True, check=False)


@contextmanager
def running(*args: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run ``hubfiles sandbox``; give the process, and the address it printed."""
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    with subprocess.Popen(
        [*COMMANDS["python -m"], "sandbox", *args],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = re.fullmatch(r"Fake HubSpot server on (http://127\.0\.0\.1:[0-9]+) \(Ctrl-C stops it\)\n", line)
            assert match is not None, line
            yield process, match[1]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def ask(url: str, body: object = None) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Authorization": "Bearer any"})
    with urllib.request.urlopen(request) as answer:
        found = json.loads(answer.read())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    """``hubfiles --help`` lists the commands with what they are for, under both names of the program."""
    done = hubfiles("--help", command=command)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: hubfiles [OPTIONS] COMMAND")
    assert re.search(r"^  accept +Promote candidates: ", done.stdout, re.MULTILINE)
    assert re.search(r"^  sandbox +Serve a fake of ", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", ["accept", "sandbox"])
def test_help_of_a_command(name: str) -> None:
    """Each command explains itself."""
    done = hubfiles(name, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: hubfiles {name} ")


def test_version() -> None:
    """``hubfiles --version`` tells the version."""
    assert re.fullmatch(r"hubfiles, version [0-9.]+\n", hubfiles("--version").stdout)


def test_an_unknown_command() -> None:
    """An unknown command ends with status 2 and is quoted."""
    done = hubfiles("frobnicate")

    assert done.returncode == 2
    assert "No such command 'frobnicate'" in done.stderr


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_the_sandbox_answers_until_it_is_stopped(stop: signal.Signals) -> None:
    """``hubfiles sandbox`` prints its address, answers there, and ends with status 0 and no traceback."""
    with running() as (process, address):
        start = f"{address}/files/2026-03/files/import-from-url/async"
        task = ask(start, {"url": "https://example.com/cat.png", "access": "PRIVATE"})
        states = [ask(f"{start}/tasks/{task['id']}/status")["status"] for _ in range(3)]
        process.send_signal(stop)
        out, err = process.communicate()

    assert states == ["PENDING", "PROCESSING", "COMPLETE"]
    assert (process.returncode, out, err) == (0, "stopped\n", "")


@pytest.mark.parametrize(
    "args", [["--drift", "size-as-string", "nulls"], ["--drift", "size-as-string", "--drift", "nulls"]]
)
def test_the_sandbox_shows_drift(args: list[str]) -> None:
    """``--drift`` takes several names, after one another or each with its own flag."""
    with running(*args) as (_, address):
        start = f"{address}/files/v3/files/import-from-url/async"
        task = ask(start, {"url": "https://example.com/cat.png", "access": "PRIVATE"})
        bodies = [ask(f"{start}/tasks/{task['id']}/status") for _ in range(3)]

    assert bodies[2]["requestedAt"] is None
    assert isinstance(bodies[2]["result"], dict)
    assert bodies[2]["result"]["size"] == "24574"


def test_the_sandbox_listens_where_it_is_reported() -> None:
    """``--port`` sets the port."""
    with Sandbox() as other:
        port = other.port
    with running("--port", str(port)) as (_, address):
        assert address == f"http://127.0.0.1:{port}"


def test_a_port_in_use() -> None:
    """A port that is in use ends the command with status 2, a reason, and a way out."""
    with Sandbox() as other:
        done = hubfiles("sandbox", "--port", str(other.port))

    assert done.returncode == 2
    assert f"The sandbox cannot listen on 127.0.0.1:{other.port}: Address already in use." in done.stderr
    assert "Pick another port, or 0 for any that is free." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--drift", "moon-phase"], "The sandbox has no switch 'moon-phase'.\nSwitches: 201, 202, 204, "),
        (["moon-phase"], "'moon-phase' is no argument; switches are given with --drift"),
        (["--port", "eighty"], "'eighty' is not a valid integer range"),
        (["--port", "65536"], "65536 is not in the range 0<=x<=65535"),
    ],
)
def test_a_bad_argument_of_the_sandbox(args: list[str], said: str) -> None:
    """A bad argument ends the command with status 2, is quoted, and the good ones are listed."""
    done = hubfiles("sandbox", *args)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_switches_are_listed() -> None:
    """``hubfiles sandbox --list`` names every switch with its effect and where it comes from, and serves nothing."""
    done = hubfiles("sandbox", "--list")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(SWITCHES)
    for line, switch in zip(lines, SWITCHES.values(), strict=True):
        assert switch.effect in line
        assert switch.origin in line


@pytest.mark.parametrize("name", ["strict", "schemas", "deviations"])
def test_one_option_has_one_help(name: str) -> None:
    """An option that two commands take is explained by both in the same words."""
    said = [
        (option.help, option.metavar)
        for command in ("check", "diff")
        for option in main.commands[command].params
        if isinstance(option, click.Option) and f"--{name}" in option.opts
    ]
    assert len(said) == 2
    assert said[0] == said[1]
