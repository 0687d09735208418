"""The plugins and clients that the package is tried beside, and what each of them must go on doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from compat.senders import SENDERS

ASYNC_TEST: Final = """
async def test_async(hubfiles):
    import httpx
    async with httpx.AsyncClient(base_url=hubfiles.base_url, headers=HEADERS) as client:
        task = (await client.post(START, json=BODY)).json()["id"]
        while (await client.get(f"{START}/tasks/{task}/status")).json()["status"] != "COMPLETE":
            pass
"""
BDD_TEST: Final = '''
import pathlib
from pytest_bdd import given, scenarios, then

pathlib.Path("import.feature").write_text("""Feature: import
  Scenario: a file
    Given an import
    Then it completes
""")
scenarios("import.feature")

@given("an import", target_fixture="task")
def an_import(request):
    hubfiles = request.getfixturevalue("hubfiles")
    return hubfiles.start_import(**BODY).json["id"]

@then("it completes")
def completes(hubfiles, task):
    assert hubfiles.wait("import-status", task, interval=0).task_status == "COMPLETE"
'''
LOCAL_SERVER_TEST: Final = """
import pytest, requests

@pytest.fixture
def hubfiles_vcr_config():
    return {"ignore_localhost": True}

def test_local_server(hubfiles, httpserver):
    httpserver.expect_request("/hello").respond_with_data("hello")
    assert requests.get(httpserver.url_for("/hello")).text == "hello"
    test_built_in(hubfiles)
"""
STARLETTE_TEST: Final = """
def test_app(hubfiles):
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient
    app = Starlette(routes=[Route("/upload", lambda request: JSONResponse(import_a_file(hubfiles.base_url)))])
    with TestClient(app) as client:
        assert client.get("/upload").json()["status"] == "COMPLETE"
"""
FLASK_TEST: Final = """
def test_app(hubfiles):
    from flask import Flask
    app = Flask("app")
    app.get("/upload")(lambda: import_a_file(hubfiles.base_url))
    assert app.test_client().get("/upload").get_json()["status"] == "COMPLETE"
"""

FAKE_FILES_TEST: Final = """
import sys

VCRPY = []

def test_files(hubfiles, fs):
    fs.create_file("/cat.png", contents="cat")
    assert open("/cat.png").read() == "cat"
    test_built_in(hubfiles)
    assert open("/cat.png").read() == "cat"

def test_files_first(fs, hubfiles):
    test_files(hubfiles, fs)

def status_of(url):
    import json, urllib.request
    with urllib.request.urlopen(urllib.request.Request(url, headers=HEADERS)) as answer:
        return json.load(answer)["status"]

def test_files_by_urllib(hubfiles, fs):
    task = hubfiles.start_import(**BODY).json["id"]
    while status_of(f"{hubfiles.base_url}{START}/tasks/{task}/status") != "COMPLETE":
        pass
    VCRPY.append(sys.modules["vcr"])

def test_urllib(hubfiles):
    test_files_by_urllib(hubfiles, None)
    assert VCRPY[0] is VCRPY[1]
"""


@dataclass(frozen=True)
class Row:
    """A plugin or client: the packages it is installed from, and how a suite uses it.

    ``args`` are pytest's; ``tests`` is more source, with ``more`` tests that each do one whole import; ``times`` is how
    often each test runs. ``sender`` names how the suite sends. ``shows`` is a pattern in pytest's output, ``file`` what
    must be there in the end: each proves that the other plugin did its job. ``often`` marks the rows in ``.ci/run``.
    ``cannot`` says why a row cannot work; its replay must then fail, with ``refusal`` in the output.
    """

    name: str
    packages: tuple[str, ...]
    args: tuple[str, ...] = ()
    tests: str = ""
    more: int = 0
    times: int = 1
    sender: str = "requests"
    shows: str = ""
    file: str = ""
    often: bool = False
    cannot: str = ""
    refusal: str = ""
    ini: str = ""


def _plugin(name: str, *args: str, **facts: object) -> Row:
    return Row(name, (name,), args, **facts)  # type: ignore[arg-type]


PLUGINS: Final = (
    _plugin("pytest-xdist", "-n2", shows=r"2 workers|bringing up nodes", often=True),
    _plugin("pytest-cov", "--cov=.", shows=r"TOTAL", often=True),
    _plugin("pytest-asyncio", "--asyncio-mode=auto", tests=ASYNC_TEST, more=1, often=True),
    _plugin("pytest-mock", tests="def test_mocker(mocker): assert mocker.Mock()() is not None\n", often=True),
    _plugin("pytest-timeout", "--timeout=300", shows=r"timeout: 300", often=True),
    _plugin("pytest-randomly", shows=r"--randomly-seed=", often=True),
    _plugin("pytest-rerunfailures", "--reruns=2", often=True),
    _plugin("pytest-retry", "--retries=2"),
    _plugin("pytest-html", "--html=report.html", file="report.html"),
    _plugin("pytest-json-report", "--json-report", file=".report.json"),
    _plugin("allure-pytest", "--alluredir=allure", file="allure"),
    _plugin("pytest-sugar"),
    _plugin("pytest-split", "--splits=1", "--group=1", shows=r"\[pytest-split\]"),
    _plugin("pytest-order"),
    _plugin("pytest-repeat", "--count=2", times=2, shows=r"2-2|4 passed"),
    _plugin("pytest-benchmark", tests="def test_fast(benchmark): benchmark(sum, (1, 2))\n", shows="benchmark: 1 tests"),
    _plugin("pytest-github-actions-annotate-failures"),
    _plugin("pytest-instafail", "--instafail"),
    _plugin("pytest-clarity"),
    _plugin("pytest-subtests"),
    _plugin("pytest-bdd", tests=BDD_TEST, more=1),
    _plugin("pytest-socket", "--disable-socket", "--allow-hosts=127.0.0.1"),
    _plugin("pytest-run-parallel", "--parallel-threads=2", times=2),
    Row("pytest-parallel", ("pytest-parallel", "py"), ("--workers=2",), shows="2 workers"),
    _plugin("pytest-env"),
    _plugin("pytest-freezer"),
    _plugin("time-machine"),
    _plugin("pyfakefs", tests=FAKE_FILES_TEST, more=4),
    _plugin("pytest-picked"),
    _plugin("pytest-testmon", "--testmon", "--testmon-noselect"),
    _plugin("pytest-lazy-fixtures"),
    _plugin("pytest-aiohttp", "--asyncio-mode=auto", tests=ASYNC_TEST, more=1),
    Row("anyio", ("anyio", "httpx"), tests="import pytest\n@pytest.mark.anyio" + ASYNC_TEST
        + "\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n", more=1),
    _plugin("syrupy", tests="def test_snapshot(): assert 1\n"),
    _plugin("inline-snapshot"),
    _plugin("hypothesis"),
    _plugin("pytest-recording"),
    _plugin("pytest-httpx"),
    _plugin("respx"),
    _plugin("responses"),
    _plugin("requests-mock"),
    _plugin("pytest-httpserver", tests=LOCAL_SERVER_TEST, more=1),
    Row("starlette", ("starlette", "httpx2"), tests=STARLETTE_TEST, more=1),
    _plugin("flask", tests=FLASK_TEST, more=1),
    Row("pytest-django", ("pytest-django", "django"), ini="DJANGO_SETTINGS_MODULE = project_settings"),
    Row("sentry-sdk", ("sentry-sdk",), tests="import sentry_sdk\nsentry_sdk.init()\n"),
    Row("opentelemetry", ("opentelemetry-instrumentation-requests", "opentelemetry-sdk"), tests=(
        "from opentelemetry.instrumentation.requests import RequestsInstrumentor\n"
        "RequestsInstrumentor().instrument()\n")),
)  # fmt: skip

CLIENTS: Final = tuple(
    Row(
        sender.name, sender.packages, sender=sender.name, often=sender.often, cannot=sender.cannot,
        refusal=sender.refusal,
    )
    for sender in SENDERS
)  # fmt: skip
ROWS: Final = (*PLUGINS, *CLIENTS)
