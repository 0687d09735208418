"""An exchange is judged where a schema has judged its answer: no outage, no status without a schema, no other path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.answers import (
    COMPLETE,
    CONTRACTS,
    DATED_IMPORT,
    JETTY,
    LOCATOR,
    NOT_FOUND,
    STANDARD_ERROR,
    TASK,
    UNDECODABLE,
    answer,
    interaction,
    poll,
)

from pytest_hubfiles import cassettes
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.report.record import Contracted, tally
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.run import check, verdict
from pytest_hubfiles.run.rules import Rules

RULES = Rules(CONTRACTS)
HTML = {"content_type": "text/html"}
STATUS = "/files/2026-03/files/import-from-url/async/tasks/{task}/status"
ONLY_200 = Contracts(
    tuple(replace(c, responses={s: p for s, p in c.responses.items() if s != "default"}) for c in CONTRACTS.entries)
)
NOT_JUDGED = {
    "401": (poll(STANDARD_ERROR, status=401), "an outage: HTTP 401"),
    "403": (poll(STANDARD_ERROR, status=403), "an outage: HTTP 403"),
    "429": (poll(STANDARD_ERROR, status=429), "an outage: HTTP 429"),
    "500": (poll({"status": "error", "message": "internal error", "correlationId": TASK}, status=500), "an outage: "),
    "502 in HTML": (poll(b"<html>", status=502, **HTML), "an outage: HTTP 502"),
    "503 without a body": (poll(b"", status=503, content_type=None), "an outage: HTTP 503"),
    "a page in place of an answer": (poll(JETTY, status=200, **HTML), "an outage: HTTP 200 with an HTML page"),
    "a page for 404": (poll(JETTY, status=404, **HTML), "an outage: HTTP 404 with an HTML page"),
    "a page that says it is JSON": (poll(b"\n<!DOCTYPE html>"), "an outage: HTTP 200 with an HTML page"),
    "202": (poll(COMPLETE, status=202), "no schema describes HTTP 202"),
    "204": (poll(b"", status=204, content_type=None), "no schema describes HTTP 204"),
    "207 of a start": (answer("import-start", LOCATOR, version="2026-03", status=207), "no schema describes HTTP 207"),
    "302": (poll(b"", status=302), "a redirect"),
    "103": (poll(b"", status=103), "no schema describes HTTP 103"),
}
JUDGED = {
    "200": poll(COMPLETE),
    "400": poll(UNDECODABLE, status=400),
    "404": poll(NOT_FOUND, status=404),
    "409": poll(STANDARD_ERROR, status=409),
    "nonsense": poll(b"{"),
    "empty": poll(b""),
}


def judged(*exchanges: Exchange, contracts: Contracts = CONTRACTS) -> tuple[dict[Contracted, int], list[str]]:
    counted, others = tally(exchanges, contracts)
    return counted, [reason for _, reason in others]


@pytest.mark.parametrize(("exchange", "reason"), NOT_JUDGED.values(), ids=NOT_JUDGED)
def test_not_judged(exchange: Exchange, reason: str) -> None:
    """What no schema judges is not judged, and has its reason."""
    counted, reasons = judged(exchange)
    assert counted == {}
    assert len(reasons) == 1
    assert reasons[0].startswith(reason)


@pytest.mark.parametrize("exchange", JUDGED.values(), ids=JUDGED)
def test_judged(exchange: Exchange) -> None:
    """An answer that is held against a schema is judged, whatever comes of it."""
    assert judged(exchange) == ({Contracted("v3", "import-status", exchange.status_code, exchange.task_status): 1}, [])


@pytest.mark.parametrize("status", [400, 404, 409])
def test_errors_that_no_schema_describes(status: int) -> None:
    """An error is not judged where the contract describes none."""
    assert judged(poll(NOT_FOUND, status=status), contracts=ONLY_200) == ({}, [f"no schema describes HTTP {status}"])


@pytest.mark.parametrize("exchange", [e for e, _ in NOT_JUDGED.values()], ids=NOT_JUDGED)
def test_a_cassette_of_nothing_else(exchange: Exchange, tmp_path: Path) -> None:
    """A cassette in which no schema judged anything fails as one in which nothing was judged; so does a run."""
    path = tmp_path / "a.yaml"
    path.write_bytes(cassettes.dump([exchange.interaction] * 2))
    checked = check.check(path, "a.yaml", RULES)
    report = Report()
    report.add(checked.record)

    assert checked.unjudged is not None
    assert checked.unjudged.endswith("(2)")
    assert (report.judged_count, report.exchange_count, report.failed) == (0, 2, True)
    assert list(verdict.of_run(report, RULES, 1, "--min-judged")) == [
        "judged 0 exchanges where --min-judged asks for 1"
    ]


# --- paths that are nearly documented ---


def asked(path: str, method: str = "GET") -> Interaction:
    if method == "GET":
        return interaction("GET", path, COMPLETE)
    return interaction("POST", path, LOCATOR, status=202, request=DATED_IMPORT)


SAME = [
    "/files/2026-03/files/import-from-url/async/tasks/A/status/",
    "/files/2026-03/files/%69mport-from-url/async/tasks/A/status",
    "/files/2026%2D03/files/import-from-url/async/tasks/A/%73tatus",
]
NEARLY = [
    "//files/2026-03/files/import-from-url/async/tasks/A/status",
    "/files/2026-03//files/import-from-url/async/tasks/A/status",
    "/files/2026-03/files/import-from-url/async/tasks/A/status//",
    "/files/2026-03/files/import-from-url/async/tasks//A/status",
    "/Files/2026-03/files/import-from-url/async/tasks/A/status",
    "/files/2026-03/files/Import-From-URL/async/tasks/A/STATUS",
    "/files/./2026-03/files/import-from-url/async/tasks/A/status",
    "/files/v3/../2026-03/files/import-from-url/async/tasks/A/status",
    "/files/2026-03/files/import-from-url/async/tasks/A/status%20",
    "/files%2F2026-03/files/import-from-url/async/tasks/A/status",
]


@pytest.mark.parametrize("path", SAME)
def test_other_spellings_of_a_path(path: str) -> None:
    """A path that RFC 3986 calls the same is the documented one: judged, its task known, and nothing said of it."""
    exchange = CONTRACTS.identify(asked(path))
    assert (exchange.operation, exchange.version, exchange.task_status) == ("import-status", "2026-03", "COMPLETE")
    assert [f.kind.value for f in CONTRACTS.check(exchange)] == []


@pytest.mark.parametrize("path", NEARLY)
def test_paths_that_are_nearly_documented(path: str) -> None:
    """A path that is the documented one but for slashes, dots or case is judged, and the difference is a warning."""
    exchange = CONTRACTS.identify(replace(asked(path), response_body=b"{}"))
    found = [(f.kind.value, f.severity.value, f.path) for f in CONTRACTS.check(exchange)]

    assert (exchange.operation, exchange.version) == ("import-status", "2026-03")
    assert found[0] == ("request-violation", "warning", "$")
    assert ("schema-violation", "breaking", "$.status") in found
    assert judged(exchange)[1] == []


def test_beside_a_good_exchange() -> None:
    """So one good exchange hides none that is asked for by a path with a slash too many."""
    path = "/files/2026-03/files/import-from-url/async"
    found = RULES.check([CONTRACTS.identify(asked(p, "POST")) for p in (path, path + "//", path.upper(), f"/{path}")])
    assert [f.kind.value for f in found] == ["request-violation"] * 3


@pytest.mark.parametrize(
    "path",
    [
        "/files/2026-03/files/import-from-url/async/tasks/A/B/status",
        "/files/2026-03/files/import-from-url/async/tasks/A/statuses",
        "/files/2031-03/files/import-from-url/async/tasks/A/status",
        "/crm/2026-03/files/import-from-url/async/tasks/A/status",
        "/",
    ],
)
def test_other_paths(path: str) -> None:
    """Another path stays another path."""
    assert CONTRACTS.identify(asked(path)).operation is None
