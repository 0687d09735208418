"""R18: a run that judged nothing where something was to be, or that two recorders share, is never green."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from unittest import mock

import vcr
from helpers.downstream import TEST_IMPORT, interaction, whole_import

from faults.ledger import Outcome
from faults.projects import Project, project
from pytest_hubfiles import cassettes

_NOTHING_ASKED: Final = "def test_import(hubfiles): pass\n"
_OTHER: Final = "def test_import(): pass\n"
_MOCKED: Final = """
from unittest import mock

def test_import(hubfiles):
    with mock.patch.object(type(hubfiles), "_send", mock.Mock(json={"id": "1"}, task_status="COMPLETE")) as send:
        send.return_value = send
        hubfiles.start_import(**BODY)
"""
_UNKNOWN: Final = """
import urllib.request

def test_import(hubfiles):
    urllib.request.urlopen(hubfiles.base_url + "/nobody/knows").read()
"""
_USED: Final = TEST_IMPORT.replace("test_import", "test_used")
_GATE: Final = "--hubfiles-min-judged=1"


@dataclass(frozen=True)
class _Case:
    """A run that must not be green: its tests, its cassette as bytes (None for none), how pytest is called."""

    tests: str
    cassette: bytes | None = None
    args: Sequence[str] = (_GATE,)
    env: dict[str, str] = field(default_factory=dict)


_WHOLE: Final = cassettes.dump(whole_import())
_CASES: Final[dict[str, _Case]] = {
    "no test at all": _Case(""),
    "no test uses the fixture": _Case(_OTHER),
    "nothing was asked": _Case(_NOTHING_ASKED, _WHOLE),
    "all are deselected": _Case(TEST_IMPORT, _WHOLE, (_GATE, "-k", "nothing")),
    "all are skipped": _Case(f"@pytest.mark.skip{TEST_IMPORT}", _WHOLE),
    "all are expected to fail": _Case(f"@pytest.mark.xfail(run=False){TEST_IMPORT}", _WHOLE),
    "judging is off": _Case(f"@pytest.mark.hubfiles(judge=False){TEST_IMPORT}", _WHOLE),
    "somebody else answers": _Case(_MOCKED, _WHOLE),
    "nobody knows what was asked": _Case(_UNKNOWN, cassettes.dump([interaction("GET", "/nobody/knows", 200, {})])),
    "fewer than there were to be": _Case(TEST_IMPORT, _WHOLE, ("--hubfiles-min-judged=5",)),
    "nothing is recorded again": _Case(_NOTHING_ASKED, _WHOLE, ("--hubfiles-record=rewrite",)),
    "nothing is verified": _Case(_NOTHING_ASKED, _WHOLE, ("--hubfiles-record=verify",)),
    "there is no cassette": _Case(TEST_IMPORT, args=()),
    "the cassette is of another version": _Case(TEST_IMPORT, _WHOLE, ("--hubfiles-version=v3",)),
    "the cassette is empty": _Case(TEST_IMPORT, cassettes.dump([]), ()),
    "the cassette has no byte": _Case(TEST_IMPORT, b"", ()),
    "the cassette has one line": _Case(TEST_IMPORT, b"\n", ()),
    "the cassette holds null": _Case(TEST_IMPORT, b"interactions: null\nversion: 1\n", ()),
    "the cassette is of no version": _Case(TEST_IMPORT, _WHOLE.replace(b"version: 1", b"version: 2"), ()),
    "the cassette ends early": _Case(TEST_IMPORT, cassettes.dump(whole_import()[:2]), ()),
    "nobody opens the cassette": _Case(_OTHER + _USED, _WHOLE, ("--hubfiles-fail-on=warning",)),
    "a CI run is to record": _Case(f"@pytest.mark.hubfiles(record='all'){TEST_IMPORT}", _WHOLE, (), {"CI": "true"}),
    "pytest-recording records, too": _Case(
        f"@pytest.mark.vcr{TEST_IMPORT}", _WHOLE, ("-p", "pytest_recording.plugin", "-W", "ignore")
    ),
}  # fmt: skip
_MUST_SAY: Final = {
    "a CI run is to record": "this is a CI run",
    "pytest-recording records, too": "This test has two recorders",
    "nothing was asked": "no request was seen in 1 test",
    "somebody else answers": "no request was seen in 1 test",
}


def run(bounded: bool) -> Outcome:  # it takes a second
    """Run each suite that must not be green, and one against each vcrpy that loads cassettes unsafely."""
    failures: list[str] = []
    cases = dict(list(_CASES.items())[::2]) if bounded else _CASES
    for name, case in cases.items():
        failures += _green(name, case)
    for version in ("8.2.0", "7.0.0", "4.3.1"):
        with mock.patch.object(vcr, "__version__", version):
            failures += _green(f"vcrpy {version}", _Case(TEST_IMPORT, _WHOLE, ()))
    control = _green("without the gate", _Case(_NOTHING_ASKED, None, ())) != []
    return Outcome("R18", "never green on nothing", len(cases) + 3, "green", control, tuple(failures))


def _green(name: str, case: _Case) -> list[str]:
    with project() as suite:
        _prepare(suite, case)
        ran = suite.run(*case.args, env=case.env)
    found = ["is green"] if ran.status == 0 else []
    if "INTERNALERROR" in ran.output or _MUST_SAY.get(name, "") not in ran.output:
        found.append(f"does not say so: {ran.output[-300:]}")
    return [f"{name}: {what}" for what in found]


def _prepare(suite: Project, case: _Case) -> None:
    suite.tests(case.tests)
    if case.cassette is not None:
        for name in ("test_import", "test_used"):  # the latter is opened by a test in one suite
            if name == "test_import" or name in case.tests:
                path = suite.cassette(name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(case.cassette)
