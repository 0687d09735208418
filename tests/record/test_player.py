"""What requests and httpx are answered without vcrpy is what vcrpy would have answered, and all else is vcrpy's."""

from __future__ import annotations

import asyncio
import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from helpers.downstream import TASK, Downstream, constant_server, interaction, polled, whole_import
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.record import Interception, Recorder
from pytest_hubfiles.record.fast.player import Player
from pytest_hubfiles.record.refusals import PollRefusedError
from pytest_hubfiles.record.wire import is_plain
from pytest_hubfiles.settings.values import RecordMode

URL = f"https://api.hubapi.com/files/2026-03/files/import-from-url/async/tasks/{TASK}/status"
ALWAYS_VCRPY = sys.version_info < (3, 11)  # whose vcrpy patches piece by piece
BY_VCRPY = {"ignore_hosts": ["nowhere.example"]}  # with a setting of its own, a replay is vcrpy's from the start


def recorder(path: Path, answers: list[Interaction], config: dict[str, Any]) -> Recorder:
    cassettes.write(path, cassettes.dump(answers))
    return Recorder(
        cassette=path, display_name="c.yaml", mode=RecordMode.NONE, staged=None, base_url="https://api.hubapi.com",
        identify=lambda found: Exchange(found, None, None), vcr_config=config,
    )  # fmt: skip


def replaying(path: Path, answers: list[Interaction], config: dict[str, Any]) -> AbstractContextManager[Recorder]:
    return Interception(recorder(path, answers, config))


@contextmanager
def without_vcrpy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(Player, "hand_over", lambda self: pytest.fail("vcrpy took over"))
        yield


def by_requests(**more: Any) -> dict[str, Any]:
    with requests.Session() as session:
        answer = session.request(more.pop("method", "GET"), more.pop("url", URL), **more)
    seen = facts(answer, answer.content)
    return {
        **seen, "text": answer.text, "is_redirect": answer.is_redirect, "links": answer.links, "ok": answer.ok,
        "cookies": dict(answer.cookies), "connection": type(answer.connection), "apparent": answer.apparent_encoding,
        "asked": (answer.request.method, answer.request.url, answer.request.body, dict(answer.request.headers)),
    }  # fmt: skip


def by_requests_in_pieces() -> dict[str, Any]:
    with requests.get(URL, stream=True, timeout=(3, None)) as answer:
        pieces = [piece for piece in answer.iter_content(7) if piece]  # vcrpy ends with an empty one, no server does
        return {"pieces": pieces, "consumed": answer._content_consumed}


def by_requests_raw() -> dict[str, Any]:
    with requests.get(URL, stream=True, verify=False, timeout=5) as answer:
        return {"first": answer.raw.read(3), "rest": answer.raw.read(), "end": answer.raw.read()}


def by_httpx() -> dict[str, Any]:
    with httpx.Client(trust_env=False) as client:
        answer = client.get(URL)
    return {**facts(answer, answer.content), "extensions": set(answer.extensions), "http": answer.http_version}


def by_httpx_in_pieces() -> dict[str, Any]:
    with httpx.Client() as client, client.stream("GET", URL) as answer:
        before = answer.is_closed, answer.is_stream_consumed
        return {"pieces": list(answer.iter_raw(7)), "before": before, "after": answer.is_stream_consumed}


def by_httpx_async() -> dict[str, Any]:
    async def get() -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(URL)

    answer = asyncio.run(get())
    return facts(answer, answer.content)


def facts(answer: Any, body: bytes) -> dict[str, Any]:
    return {
        "status": answer.status_code, "reason": vars(answer).get("reason", getattr(answer, "reason_phrase", None)),
        "body": body, "headers": sorted(answer.headers.items()), "url": str(answer.url), "encoding": answer.encoding,
        "history": [past.status_code for past in answer.history], "took time": answer.elapsed.total_seconds() > 0,
    }  # fmt: skip


WAYS: list[Callable[[], dict[str, Any]]] = [
    by_requests, by_requests_in_pieces, by_requests_raw, by_httpx, by_httpx_in_pieces, by_httpx_async,
]  # fmt: skip
NAMES = st.from_regex(r"[A-Z][a-z0-9-]{0,12}", fullmatch=True)  # vcrpy returns one twice that is written in two ways
VALUES = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)
TELLING = ("Set-cookie", "Content-encoding", "Content-length", "Transfer-encoding", "Location")
HEADERS = st.dictionaries(
    NAMES.filter(lambda name: name not in TELLING), st.lists(VALUES, min_size=1, max_size=2).map(tuple), max_size=4
)
ANSWERS = st.builds(
    lambda status, reason, headers, body: Interaction("GET", URL, {}, b"", status, reason, headers, body),
    st.sampled_from([200, 202, 400, 401, 404, 429, 500, 503]),
    st.sampled_from(["", "OK", "Not Found", "Very Odd: Yes"]),
    HEADERS,
    st.binary(max_size=40) | st.text(max_size=40).map(str.encode) | st.just(b'{"status": "COMPLETE"}'),
)


@pytest.mark.slow
@pytest.mark.parametrize("ask", WAYS, ids=lambda way: way.__name__)
@settings(
    max_examples=60,
    suppress_health_check=[*settings().suppress_health_check, HealthCheck.function_scoped_fixture],
)
@given(answer=ANSWERS)
def test_a_plain_answer_is_what_vcrpy_makes_of_it(
    ask: Callable[[], dict[str, Any]], answer: Interaction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a client can see of an answer is the same with vcrpy and without it."""
    with replaying(tmp_path / "c.yaml", [answer], {}) as played, without_vcrpy(monkeypatch):
        ours = ask()
    with replaying(tmp_path / "c.yaml", [answer], BY_VCRPY) as by_vcrpy:
        theirs = ask()

    assert is_plain(answer.plain())
    assert ours == theirs
    assert [e.interaction for e in played.exchanges] == [e.interaction for e in by_vcrpy.exchanges]
    assert played.tape.unplayed == []


ODD = {
    "a cookie": {"response_headers": {"Set-Cookie": ("a=b; Path=/",)}},
    "an encoding that is none": {"response_headers": {"Content-Encoding": ("compress",)}, "response_body": b"\xff\xfe"},
    "a header that is no name": {"response_headers": {"X Y": ("1",)}},
    "a value with a blank before it": {"response_headers": {"X-Y": (" 1",)}},
    "a value that is not ASCII": {"response_headers": {"X-Y": ("ä",)}},
    "many headers": {"response_headers": {f"X-{number}": ("1",) for number in range(60)}},
    "a redirect": {"status_code": 302, "response_headers": {"Location": ("/elsewhere",)}},
    "not modified": {"status_code": 304},
    "no content, and some": {"status_code": 204},
    "a reason that is not ASCII": {"reason": "Schön"},
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("ask", [by_requests, by_httpx, by_httpx_async], ids=lambda way: way.__name__)
def test_an_odd_answer_is_vcrpys(ask: Callable[[], dict[str, Any]], change: dict[str, Any], tmp_path: Path) -> None:
    """What clients make different things of is answered by vcrpy, in the middle of a test that began without it."""
    plain = Interaction("GET", URL, {}, b"", 200, "OK", {}, b"{}")
    odd = Interaction(**{**vars(plain), **change})
    elsewhere = Interaction(**{**vars(plain), "url": "https://api.hubapi.com/elsewhere"})
    seen = []
    for config in ({}, BY_VCRPY):
        with replaying(tmp_path / "c.yaml", [plain, odd, plain, elsewhere], config):
            seen.append([outcome(ask), outcome(ask), outcome(ask)])

    assert not is_plain(odd.plain())
    assert seen[0] == seen[1]


def outcome(ask: Callable[[], dict[str, Any]]) -> object:
    try:
        return ask()
    except Exception as error:  # noqa: BLE001  # which it is counts
        return type(error)


REQUESTS: dict[str, dict[str, Any]] = {
    "a body": {"method": "POST", "data": b"1"},
    "a text": {"method": "POST", "data": "ä"},
    "JSON": {"method": "POST", "json": {"b": 1, "a": 2}},
    "a form": {"method": "POST", "data": {"a": "b c"}},
    "parts": {"method": "POST", "data": iter([b"1", b"2"])},
    "a file": {"method": "POST", "files": {"file": b"1"}},
    "dots in the path": {"url": URL.replace("/async/", "/./async/")},
    "a fragment": {"url": URL + "#there"},
    "a query": {"params": {"b": "ü", "a": ["1", "2"]}},
    "no certificates": {"verify": "/nowhere"},
    "a certificate": {"cert": "/nowhere"},
    "a timeout that is none": {"timeout": -1},
    "a proxy": {"proxies": {"https": "http://127.0.0.1:9"}},
    "HEAD": {"method": "HEAD"},
    "an unknown host": {"url": "https://elsewhere.example/files"},
}


@pytest.mark.parametrize("given", REQUESTS.values(), ids=REQUESTS.keys())
def test_an_odd_request_ends_as_with_vcrpy(given: dict[str, Any], tmp_path: Path) -> None:
    """Whatever arguments requests gets, a replay without vcrpy ends as one with it: answered, or refused."""
    plain = Interaction("GET", URL, {}, b"", 200, "OK", {}, b"{}")
    query = Interaction(**{**vars(plain), "url": URL + "?a=1&a=2&b=%C3%BC"})
    posts = [Interaction(**{**vars(plain), "method": "POST", "request_body": body}) for body in (
        b"1", "ä".encode(), b'{"a": 2, "b": 1}', b"a=b+c", b"12"
    )]  # fmt: skip
    seen = []
    for config in ({}, BY_VCRPY):
        with replaying(tmp_path / "c.yaml", [plain, query, *posts], config):
            asked = {
                **given,
                **({"data": iter([b"1", b"2"])} if "data" in given and hasattr(given["data"], "__next__") else {}),
            }
            seen.append(outcome(lambda asked=asked: by_requests(**asked)))

    assert comparable(seen[0]) == comparable(seen[1])


def comparable(seen: Any) -> Any:
    return {**seen, "asked": str(seen["asked"][:2])} if isinstance(seen, dict) else seen


GREEN = """
import sys
import pytest, {module}

def test_import(hubfiles):
    {ask}
    assert hubfiles.exchanges[-1].json["status"] == "COMPLETE"

def test_what_is_imported():
    assert {{"vcr", "yaml", "jsonschema", "deepdiff", "filelock"}} & set(sys.modules) == {needed}
"""
ASK = {
    "requests": ("requests", "requests.get(hubfiles.base_url + PATH)"),
    "httpx": ("httpx", "httpx.get(hubfiles.base_url + PATH)"),
    "the fixture": ("json", "hubfiles.import_status(TASK)"),
}


@pytest.mark.parametrize("by", ASK)
def test_a_green_replay_imports_neither_vcrpy_nor_yaml(downstream: Downstream, by: str) -> None:
    """What takes longer to import than a test to run is imported only where it is needed."""
    ended = polled("COMPLETE")
    module, ask = ASK[by]
    source = GREEN.format(module=module, ask=ask, needed="{'vcr', 'yaml'}" if ALWAYS_VCRPY else "set()")
    (downstream.path / "test_files.py").write_text(f"PATH, TASK = {ended.path!r}, {TASK!r}\n{source}", encoding="utf-8")
    downstream.write([ended])

    downstream.run_apart().assert_outcomes(passed=2)


LATE = """
import sys

def test_import(hubfiles):
    assert {always} or not {names!r} & set(sys.modules)
    import {module}
    assert sys.modules[{module!r}] is {module} and {module}.__spec__.loader.name == {module!r}
    assert "exec_module" not in vars({module}.__spec__.loader) and {module}.__loader__ is {module}.__spec__.loader
    {ask}
    assert hubfiles.exchanges[-1].json["status"] == "COMPLETE"
    for name in list(sys.modules):
        parent, _, child = name.rpartition(".")
        if parent.partition(".")[0] in {names!r} and not name.startswith("requests.packages."):  # names for others
            assert getattr(sys.modules[parent], child, None) is not None, name

def test_afterwards(hubfiles):
    import {module}
    {ask}
"""
IMPORTS = {
    "requests": "requests.get(hubfiles.base_url + PATH)",
    "httpx": "httpx.get(hubfiles.base_url + PATH)",
    "urllib3": 'urllib3.request("GET", hubfiles.base_url + PATH)',
    "aiohttp": """
    import asyncio
    async def get():
        async with aiohttp.ClientSession() as session, session.get(hubfiles.base_url + PATH) as answer:
            return await answer.json()
    asyncio.run(get())""",
}


@pytest.mark.slow
@pytest.mark.parametrize("module", IMPORTS)
def test_a_client_imported_in_a_test_is_replayed(downstream: Downstream, module: str) -> None:
    """A test that imports its client itself, as the first of the process, is replayed like any other."""
    ended = polled("COMPLETE")
    source = LATE.format(
        module=module,
        ask=textwrap.dedent(IMPORTS[module]).replace("\n", "\n    "),
        names=set(IMPORTS),
        always=ALWAYS_VCRPY,
    )
    (downstream.path / "test_files.py").write_text(f"PATH = {ended.path!r}\n{source}", encoding="utf-8")
    downstream.write([ended])
    downstream.write([ended], downstream.cassette("test_afterwards"))

    downstream.run_apart().assert_outcomes(passed=2)


LOOKED_FOR = """
import importlib.util, sys, threading

def test_import(hubfiles):
    found = importlib.util.find_spec("requests")
    assert found.loader.get_code("requests") and type(found.loader).__name__ == "SourceFileLoader"
    assert "requests" not in sys.modules
    thread = threading.Thread(target=importlib.import_module, args=["httpx"])
    thread.start()
    thread.join()
    from requests.adapters import HTTPAdapter
    from httpx import get
    import requests
    assert requests.get(hubfiles.base_url + PATH).json() == get(hubfiles.base_url + PATH).json()
    assert requests.exceptions.HTTPError and requests.adapters.HTTPAdapter is HTTPAdapter
    assert not {"vcr"} & set(sys.modules)
    import vcr
    import urllib.request
    assert b"COMPLETE" in urllib.request.urlopen(hubfiles.base_url + PATH).read()
    assert requests.get(hubfiles.base_url + PATH).json() == get(hubfiles.base_url + PATH).json()
"""


@pytest.mark.slow
@pytest.mark.skipif(ALWAYS_VCRPY, reason="vcrpy imports every client when a test begins")
def test_imports_are_as_they_are(downstream: Downstream) -> None:
    """Who looks for a client without importing it, imports parts of it, or vcrpy itself, finds what he would find."""
    ended = polled("COMPLETE")
    (downstream.path / "test_files.py").write_text(f"PATH = {ended.path!r}\n{LOOKED_FOR}", encoding="utf-8")
    downstream.write([ended])

    downstream.run_apart().assert_outcomes(passed=1)


AFTERWARDS = """
import asyncio
import aiohttp, httpx
import pytest

async def poll(base_url):
    async with aiohttp.ClientSession() as session, session.get(base_url + PATH, headers=TOKEN) as answer:
        return (await answer.json())["status"]

def test_import(hubfiles):
    assert asyncio.run(poll(hubfiles.base_url)) == "COMPLETE"

@pytest.mark.hubfiles(record="rewrite")
def test_records(hubfiles):
    assert asyncio.run(poll(hubfiles.base_url)) == "COMPLETE"
    assert httpx.get(hubfiles.base_url + PATH, headers=TOKEN, timeout=600).json()["status"] == "COMPLETE"
"""


@pytest.mark.slow
def test_a_test_that_records_after_one_that_did_not_need_vcrpy(downstream: Downstream) -> None:
    """Vcrpy imported in the middle of a replay keeps the clients' own methods as originals, not our replacements."""
    ended = polled("COMPLETE")
    with constant_server() as url:
        (downstream.path / "test_files.py").write_text(
            f"PATH = {ended.path!r}\nTOKEN = {{'Authorization': 'Bearer x'}}\n{AFTERWARDS}", encoding="utf-8"
        )
        downstream.write([ended])

        downstream.run_apart(f"--hubfiles-base-url={url}", "--hubfiles-accept").assert_outcomes(passed=2)

    assert len(cassettes.read(downstream.cassette("test_records"))) == 2


def test_proxies_of_the_environment_are_not_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent, so a proxy that all else goes through has no say."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    plain = Interaction("GET", URL, {}, b"", 200, "OK", {}, b"{}")
    before = requests.sessions.get_environ_proxies

    with replaying(tmp_path / "c.yaml", [plain], {}), without_vcrpy(monkeypatch):
        assert requests.get(URL, timeout=5).json() == {}

    assert requests.sessions.get_environ_proxies is before


def test_threads_go_on_while_vcrpy_takes_over(tmp_path: Path) -> None:
    """Requests of other threads are answered before, while and after one of them needs vcrpy."""
    from concurrent.futures import ThreadPoolExecutor

    import urllib3

    plain = Interaction("GET", URL, {}, b"", 200, "OK", {}, json.dumps({"status": "COMPLETE"}).encode())

    def ask(number: int) -> str:
        if number == 100:
            return json.loads(urllib3.request("GET", URL).data)["status"]
        return requests.get(URL, timeout=5).json()["status"]

    with replaying(tmp_path / "c.yaml", [plain], {}) as played, ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(200))) == {"COMPLETE"}

    assert len(played.exchanges) == 200


def test_what_fails_in_here_is_noted(tmp_path: Path) -> None:
    """An error of our own, raised into a client that may swallow it, is among the faults."""

    def failing(_: Interaction) -> Exchange:
        raise ZeroDivisionError("no")

    plain = Interaction("GET", URL, {}, b"", 200, "OK", {}, b"{}")
    played = recorder(tmp_path / "c.yaml", [plain], {})
    played._identify = failing
    with Interception(played), pytest.raises(ZeroDivisionError):
        requests.get(URL, timeout=5)

    assert played.faults == ["pytest-hubfiles, or a hook of hubfiles_vcr_config, failed: ZeroDivisionError: no"]


def test_what_is_not_recorded_is_refused(tmp_path: Path) -> None:
    """A request without an answer is refused through requests and httpx alike, and goes nowhere."""
    plain = interaction("GET", "/other", 200, {})
    for get in (requests.get, httpx.get):
        with replaying(tmp_path / "c.yaml", [plain], {}) as played, pytest.raises(PollRefusedError):
            get(URL, timeout=5)
        assert len(played.problems) == 1


def test_a_test_may_take_away_what_watches_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that puts ``sys.meta_path`` back as it knew it ends as any other."""
    before = list(sys.meta_path)
    plain = Interaction("GET", URL, {}, b"", 200, "OK", {}, b"{}")
    with replaying(tmp_path / "c.yaml", [plain], {}), without_vcrpy(monkeypatch):
        sys.meta_path[:] = before
        assert requests.get(URL, timeout=5).json() == {}

    assert sys.meta_path == before


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Clients, imports and proxies are as they were once a test is over, whether or not vcrpy took over."""
    import urllib3.connectionpool

    places = (
        requests.adapters.HTTPAdapter, requests.sessions, httpx.HTTPTransport, httpx.AsyncHTTPTransport,
        urllib3.connectionpool.HTTPConnectionPool,
    )  # fmt: skip
    before = [dict(vars(place)) for place in places], list(sys.meta_path)
    for answers in (whole_import(), [interaction("GET", "/x", 302)]):
        with replaying(tmp_path / "c.yaml", answers, {}):
            outcome(lambda: requests.get("https://api.hubapi.com/x", timeout=5))

    assert ([dict(vars(place)) for place in places], list(sys.meta_path)) == before
