"""A downstream project in a folder of its own: its tests, its cassettes, and runs of pytest in it."""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import pytest_hubfiles
from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.sandbox import Sandbox

# pytester forgets what a run inside this process has imported; what is imported here need not be again.
for _module in pkgutil.walk_packages(pytest_hubfiles.__path__, "pytest_hubfiles."):
    if not _module.name.endswith(".__main__"):
        importlib.import_module(_module.name)


_LOADED = (importlib.import_module("pytest_hubfiles.plugin.entry"), importlib.import_module("xdist.plugin"))
"""What a run in this process loads: pytest looks through everything installed for each that it is given by name."""


def _listing(args: Sequence[str]) -> tuple[str, ...]:
    """Return the options of each run: everything is listed, as -v does, unless a test says -q or has no terminal."""
    return ("-W", "error") if "no:terminal" in args else ("-v", "-W", "error")


DOCUMENTED = {
    "url": "https://example.com/cat.png",
    "access": "PRIVATE",
    "duplicateValidationScope": "ENTIRE_PORTAL",
    "duplicateValidationStrategy": "NONE",
    "overwrite": False,
}
"""An import that every version documents: nothing is found in it but what is known of waiting tasks."""

HELPERS = f"""
import pytest

BODY = {DOCUMENTED!r}

def import_a_file(hubfiles, **more):
    task = hubfiles.start_import(**{{**BODY, **more}})
    return hubfiles.wait("import-status", task.json["id"], interval=0)
"""

TEST_IMPORT = """
def test_import(hubfiles):
    assert import_a_file(hubfiles).task_status == "COMPLETE"
"""

TASK = "AAAAEZ6whGI"
DATE = "Mon, 05 Oct 2026 09:14:05 GMT"
START = "/files/2026-03/files/import-from-url/async"
STATUS = f"{START}/tasks/{TASK}/status"
_FILE = {
    "id": "122692044085",
    "createdAt": "2026-10-05T09:14:03.231Z",
    "updatedAt": "2026-10-05T09:14:03.231Z",
    "archived": False,
    "access": "PRIVATE",
    "size": 24574,
}
_TIMES = {
    "requestedAt": "2026-10-05T09:14:02.117Z",
    "startedAt": "2026-10-05T09:14:02.345Z",
    "completedAt": "2026-10-05T09:14:03.393Z",
}


def interaction(
    method: str,
    path: str,
    status: int = 200,
    answer: object = None,
    *,
    asked: object = None,
    date: str = DATE,
) -> Interaction:
    """Make an interaction as a cassette holds it."""
    return Interaction(
        method=method,
        url=CANONICAL_ORIGIN + path,
        request_headers={"Accept": ("application/json",)},
        request_body=b"" if asked is None else json.dumps(asked).encode(),
        status_code=status,
        reason="OK",
        response_headers={"Content-Type": ("application/json",), "Date": (date,)},
        response_body=b"" if answer is None else json.dumps(answer).encode(),
    )


def started(asked: object = DOCUMENTED, **more: Any) -> Interaction:
    """Make the start of an import."""
    return interaction("POST", START, 202, {"id": TASK}, asked=asked, **more)


def polled(state: str, **more: Any) -> Interaction:
    """Make a poll of that import."""
    body: dict[str, object] = {"status": state, "taskId": TASK, **_TIMES}
    if state == "COMPLETE":
        body["result"] = _FILE
    return interaction("GET", STATUS, 200, {**body, **more.pop("change", {})}, **more)


def whole_import() -> list[Interaction]:
    """Make an import from its start to its end."""
    return [started(), polled("PENDING"), polled("PROCESSING"), polled("COMPLETE")]


SIZE_AS_TEXT = {"result": {**_FILE, "size": "24574"}}
"""What a finished import has where sizes are texts, which no version documents."""

SIZES_ARE_TEXTS = """
[[deviation]]
path = "$.result.size"
keyword = "type"
reason = "Sizes are texts."
source = "seen"
"""
"""The deviation that excuses it."""


def write_cassette(path: Path | str, *interactions: Interaction) -> Path:
    """Write a cassette, its folder too; return its path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cassettes.dump(interactions))
    return path


@dataclass
class Downstream:
    """A project that uses the plugin, and the fake HubSpot server it records from."""

    pytester: pytest.Pytester
    sandbox: Sandbox
    _seen: int = 0

    @property
    def path(self) -> Path:
        """The project's folder."""
        return self.pytester.path

    def tests(self, source: str = TEST_IMPORT, name: str = "test_files") -> Path:
        """Write a test file, the helpers at its top."""
        path = self.path / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HELPERS + source, encoding="utf-8")
        return path

    def ini(self, *lines: str) -> None:
        """Write the project's pytest.ini."""
        (self.path / "pytest.ini").write_text("\n".join(["[pytest]", *lines, ""]), encoding="utf-8")

    def run(self, *args: str, plugins: Sequence[object] = ()) -> pytest.RunResult:
        """Run pytest in this process, every warning an error."""
        with pytest.MonkeyPatch.context() as patch:
            if not any(arg.startswith("-n") for arg in args):  # workers get theirs by name
                patch.delenv("PYTEST_PLUGINS", raising=False)
                plugins = [*_LOADED, *plugins]
            return self.pytester.runpytest_inprocess(*_listing(args), *args, plugins=list(plugins))

    def run_live(self, *args: str, plugins: Sequence[object] = ()) -> pytest.RunResult:
        """Run pytest in this process, the fake server in HubSpot's place."""
        return self.run(f"--hubfiles-base-url={self.sandbox.url}", *args, plugins=plugins)

    def run_apart(self, *args: str) -> pytest.RunResult:
        """Run pytest in a process of its own, the fake server in HubSpot's place."""
        return self.pytester.runpytest_subprocess(
            *_listing(args), "-p", "no:cacheprovider", f"--hubfiles-base-url={self.sandbox.url}", *args
        )

    def record(self, *args: str, mode: str = "once") -> None:
        """Record from the plain fake server; that has to succeed."""
        result = self.run_live(f"--hubfiles-record={mode}", *args)
        assert result.ret == 0, result.stdout.str()
        self.asked()

    def restart(self, *switches: str) -> None:
        """Put a new fake server in the place of the old one: it gives out the same task ids again."""
        self.sandbox.close()
        self.sandbox, self._seen = Sandbox(switches=switches), 0
        self.sandbox.start()

    def asked(self) -> int:
        """How many requests the fake server got since this was last called."""
        before, self._seen = self._seen, len(self.sandbox.requests)
        return self._seen - before

    def cassette(self, test: str = "test_import", file: str = "test_files", version: str = "2026-03") -> Path:
        """Return where a test's cassette lies."""
        return self.path / "cassettes" / version / file / f"{test}.yaml"

    def write(self, interactions: Sequence[Interaction], path: Path | None = None) -> Path:
        """Write a cassette, that of ``test_import`` unless *path* says another."""
        return write_cassette(path or self.cassette(), *interactions)

    def candidate(self, test: str = "test_import", **where: str) -> Path:
        """Return where a test's candidate lies."""
        return cassettes.candidate_path(self.cassette(test, **where))

    def yaml_files(self) -> list[str]:
        """List the YAML files in the project, from its folder."""
        return sorted(path.relative_to(self.path).as_posix() for path in self.path.rglob("*.yaml"))


def answers(path: Path) -> list[tuple[str, str | None]]:
    """List the exchanges of a cassette: the method, and the task's state where the answer tells it."""
    return [(i.method, i.task_status) for i in cassettes.read(path)]


class _Constant(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.command == "POST":
            task = hashlib.sha256(asked).hexdigest()[:11]
            status, body = 202, {"id": task}
        else:
            status, body = 200, json.loads(polled("COMPLETE").response_body)
        content = json.dumps(body).encode()
        self.send_response_only(status)
        for name, value in (("Date", DATE), ("Content-Type", "application/json"), ("Content-Length", len(content))):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815  # the names http.server looks for

    def log_message(self, *args: object) -> None:
        """Keep silent."""


@contextmanager
def constant_server(context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve imports whose every byte, headers too, follows from the request alone; give the address.

    With a *context* it serves over TLS.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), _Constant) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http{'' if context is None else 's'}://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
