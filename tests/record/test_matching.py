"""A request is recognised by origin, method, path, query, and for POST the body, and by nothing else."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests
import urllib3
from helpers.downstream import Downstream, interaction
from helpers.http_clients import SENDERS, TLS, watched_sockets

from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.record import Interception, Recorder
from pytest_hubfiles.record.refusals import PollRefusedError, UnmatchedRequestError, explain
from pytest_hubfiles.record.tape import Tape
from pytest_hubfiles.record.wire import canonical_url
from pytest_hubfiles.settings.values import RecordMode

ORIGIN = CANONICAL_ORIGIN
STATUS = "/files/v3/files/import-from-url/async/tasks/AAAA/status"


def _recorded(method: str, url: str, body: bytes = b"", answer: bytes = b"{}", status: int = 200) -> Interaction:
    return Interaction(method, url, {}, body, status, "OK", {"Content-Type": ("application/json",)}, answer)


def _same(one: Interaction, other: Interaction) -> bool:
    return one.match_key == other.match_key


# --- one request and another -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("/a?x=1&y=2", "/a?y=2&x=1", id="order"),
        pytest.param("/a?x=1&x=2", "/a?x=2&x=1", id="order-of-a-repeated-key"),
        pytest.param("/a?x=a+b", "/a?x=a%20b", id="blank"),
        pytest.param("/a?x=%7e", "/a?x=~", id="needless-escape-in-query"),
        pytest.param("/a?x", "/a?x=", id="no-equals-sign"),
        pytest.param("/a?", "/a", id="empty-query"),
        pytest.param("/a#part", "/a", id="fragment"),
        pytest.param("", "/", id="empty-path"),
        pytest.param("/%7euser/a%3Ab", "/~user/a:b", id="needless-escape-in-path"),
        pytest.param("/caf%c3%a9", "/caf%C3%A9", id="case-of-escapes"),
    ],
)
def test_urls_that_mean_the_same_match(one: str, other: str) -> None:
    """What clients write differently is the same request."""
    assert _same(_recorded("GET", ORIGIN + one), _recorded("GET", ORIGIN + other))
    elsewhere = "http://127.0.0.1:8080"
    assert _same(_recorded("GET", elsewhere + one), _recorded("GET", elsewhere + other))
    assert not _same(_recorded("GET", elsewhere + one), _recorded("GET", ORIGIN + other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("/a?x=1", "/a?x=2", id="value"),
        pytest.param("/a?x=1", "/a?x=1&x=1", id="repeated-key"),
        pytest.param("/a?x=", "/a", id="blank-value"),
        pytest.param("/a?x=1", "/a?X=1", id="case-of-key"),
        pytest.param("/a", "/A", id="case-of-path"),
        pytest.param("/a", "/a/", id="trailing-slash"),
        pytest.param("/a/b", "/a%2Fb", id="escaped-slash"),
        pytest.param("/a%3Fx=1", "/a?x=1", id="escaped-question-mark"),
        pytest.param("/a%2525", "/a%25", id="escaped-twice"),
        pytest.param("/%ff", "/%fe", id="bytes-that-are-no-text"),
    ],
)
def test_urls_that_differ_do_not_match(one: str, other: str) -> None:
    """What means something else is another request."""
    assert not _same(_recorded("GET", ORIGIN + one), _recorded("GET", ORIGIN + other))


def test_the_method_counts() -> None:
    """GET is not HEAD."""
    assert not _same(_recorded("GET", ORIGIN + "/a"), _recorded("HEAD", ORIGIN + "/a"))


MULTIPART = (
    b'--%b\r\nContent-Disposition: form-data; name="file"; filename="cat.png"\r\n\r\n'
    b'\x89PNG\xff\r\n--%b\r\nContent-Disposition: form-data; name="options"\r\n\r\n{"access":"PRIVATE"}\r\n--%b--\r\n'
)


def _multipart(boundary: bytes, access: bytes = b"PRIVATE") -> bytes:
    return (MULTIPART % ((boundary,) * 3)).replace(b"PRIVATE", access)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(b'{"a":1,"b":[1,2]}', b'{ "b": [1, 2],\n "a": 1 }', True, id="json-order-and-spacing"),
        pytest.param(b'{"a":"\\u00e9"}', '{"a":"é"}'.encode(), True, id="json-escapes"),
        pytest.param(b'{"a":1}', b'{"a":2}', False, id="json-value"),
        pytest.param(b'{"a":1}', b'{"a":"1"}', False, id="json-type"),
        pytest.param(b'{"a":true}', b'{"a":1}', False, id="json-bool"),
        pytest.param(b'{"a":null}', b"{}", False, id="json-null"),
        pytest.param(b'{"a":[1,2]}', b'{"a":[2,1]}', False, id="json-array-order"),
        pytest.param(b'{"a":9007199254740993}', b'{"a":9007199254740992}', False, id="json-big-integer"),
        pytest.param(b"", b"{}", False, id="no-body"),
        pytest.param(b"a=1&b=2", b"a=1&b=2", True, id="form"),
        pytest.param(b"a=1&b=2", b"a=1&b=3", False, id="form-value"),
        pytest.param(b"\xff\x00", b"\xff\x00", True, id="binary"),
        pytest.param(b"\xff\x00", b"\xff\x01", False, id="binary-value"),
        pytest.param(_multipart(b"one"), _multipart(b"another-1"), True, id="multipart-boundary"),
        pytest.param(_multipart(b"one"), _multipart(b"one", b"PUBLIC_INDEXABLE"), False, id="multipart-value"),
        pytest.param(b"[" * 100_000, b"[" * 100_000, True, id="deep"),
    ],
)
def test_bodies_of_post_match_by_what_they_mean(one: bytes, other: bytes, same: bool) -> None:
    """JSON matches by its values, a form by its text, a multipart form whatever its boundary."""
    assert _same(_recorded("POST", ORIGIN, one), _recorded("POST", ORIGIN, other)) is same


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_bodies_of_other_methods_do_not_count(method: str) -> None:
    """Only POST is told apart by its body."""
    assert _same(_recorded(method, ORIGIN, b"1"), _recorded(method, ORIGIN, b"2"))


@pytest.mark.parametrize(
    ("base", "url", "path"),
    [
        pytest.param("http://h:1", "http://h:1/a?x=1", "/a?x=1", id="plain"),
        pytest.param("http://h:1", "http://h:1", "", id="nothing-else"),
        pytest.param("http://h:1", "http://h:1?x", "?x", id="query-alone"),
        pytest.param("http://h", "http://h:80/a", "/a", id="default-port-asked"),
        pytest.param("http://h:80", "http://h/a", "/a", id="default-port-given"),
        pytest.param("https://h:443", "https://h/a", "/a", id="default-port-tls"),
        pytest.param("http://H:1", "http://h:1/a", "/a", id="case-of-host"),
        pytest.param("http://h:1/api", "http://h:1/api/a", "/a", id="path-prefix"),
        pytest.param("http://h:80/api", "http://h/api/a?x=1", "/a?x=1", id="path-prefix-and-default-port"),
        pytest.param("http://h:80/api", "http://h/api", "", id="path-prefix-alone"),
        pytest.param("http://h:1", "http://me:secret@h:1/a", "/a", id="user-info"),
        pytest.param(ORIGIN, ORIGIN + ":443/a", "/a", id="hubspot-with-port"),
    ],
)
def test_what_goes_to_the_base_url_is_under_hubspots_origin(base: str, url: str, path: str) -> None:
    """A request to the base URL, however it is written, is stored under HubSpot's origin."""
    assert canonical_url(url, base) == ORIGIN + path


@pytest.mark.parametrize(
    ("base", "url"),
    [
        pytest.param("http://h:1", "http://h:2/a", id="other-port"),
        pytest.param("http://h:1", "https://h:1/a", id="other-scheme"),
        pytest.param("http://h:1", "http://h:10/a", id="port-that-begins-alike"),
        pytest.param("http://h", "http://h.example/a", id="host-that-begins-alike"),
        pytest.param("http://h:1/api", "http://h:1/a", id="outside-the-prefix"),
        pytest.param("http://h:1/api", "http://h:1/apis/a", id="prefix-that-begins-alike"),
        pytest.param("http://h:80/api", "http://h/apis/a", id="prefix-that-begins-alike-and-default-port"),
    ],
)
def test_what_goes_elsewhere_keeps_its_origin(base: str, url: str) -> None:
    """A request to another place is stored as it is."""
    assert canonical_url(url, base) == url


# --- a recorder --------------------------------------------------------------------------------------------


def _replaying(path: Path, *interactions: Interaction, base_url: str = ORIGIN) -> AbstractContextManager[Recorder]:
    from pytest_hubfiles import cassettes

    cassette = path / "c.yaml"
    cassette.write_bytes(cassettes.dump(interactions))
    return Interception(
        Recorder(
            cassette=cassette,
            display_name="c.yaml",
            mode=RecordMode.NONE,
            staged=None,
            base_url=base_url,
            identify=lambda interaction: Exchange(interaction, None, None),
        )
    )


def _poll(state: str, task: str = "AAAA") -> Interaction:
    return _recorded("GET", ORIGIN + STATUS.replace("AAAA", task), answer=json.dumps({"status": state}).encode())


def _ask(url: str = ORIGIN + STATUS, method: str = "GET", body: bytes | None = None, client: str = "requests") -> bytes:
    return SENDERS[client](method, url, {}, body).body


def test_identical_requests_are_answered_in_order_and_the_end_for_ever(tmp_path: Path) -> None:
    """A task's states come as they were recorded, each once, its end as often as it is asked for."""
    with _replaying(tmp_path, _poll("PENDING"), _poll("PROCESSING"), _poll("COMPLETE")) as recorder:
        states = [json.loads(_ask())["status"] for _ in range(6)]
    assert states == ["PENDING", "PROCESSING", "COMPLETE", "COMPLETE", "COMPLETE", "COMPLETE"]
    assert not recorder.problems
    assert not recorder.tape.unplayed
    assert len(recorder.exchanges) == 6


@pytest.mark.parametrize(
    ("interactions", "kind", "text"),
    [
        pytest.param([_poll("PENDING")], "task-never-ended", "was polled 1 time when it was recorded", id="one-poll"),
        pytest.param([_poll("PENDING")] * 2, "task-never-ended", "the last answer was PENDING", id="two-polls"),
        pytest.param([_poll("FAILED")], "task-never-ended", "the last answer was FAILED", id="no-known-end"),
        pytest.param([], "unmatched-request", "nothing is recorded in c.yaml", id="nothing"),
        pytest.param([_poll("COMPLETE", "BBBB")], "unmatched-request", "path differs", id="another-task"),
    ],
)
def test_a_request_too_many_is_refused(tmp_path: Path, interactions: list[Interaction], kind: str, text: str) -> None:
    """Once the recorded answers are used up a request is refused, with how many there were, and each time."""
    with _replaying(tmp_path, *interactions) as recorder, watched_sockets() as seen:
        for interaction in interactions:
            _ask(interaction.url)
        for _ in range(2):
            with pytest.raises(PollRefusedError, match=text):
                _ask()
    assert [problem.kind.value for problem in recorder.problems] == [kind, kind]
    assert seen == []


def test_tasks_do_not_answer_for_each_other(tmp_path: Path) -> None:
    """Interleaved tasks each walk through their own states."""
    tape = [_poll("PENDING", "A"), _poll("PENDING", "B"), _poll("COMPLETE", "B"), _poll("COMPLETE", "A")]
    with _replaying(tmp_path, *tape):
        answers = [json.loads(_ask(ORIGIN + STATUS.replace("AAAA", task)))["status"] for task in "BBAAB"]
    assert answers == ["PENDING", "COMPLETE", "PENDING", "COMPLETE", "COMPLETE"]


def test_unplayed_exchanges_are_known(tmp_path: Path) -> None:
    """What nobody asked for is listed."""
    with _replaying(tmp_path, _poll("COMPLETE"), _recorded("GET", ORIGIN + "/other")) as recorder:
        _ask()
    assert [interaction.path for interaction in recorder.tape.unplayed] == ["/other"]


@pytest.mark.parametrize("client", SENDERS)
@pytest.mark.parametrize("base", ["http://localhost:1/api", "https://hubspot.test", "http://h.test:80", ORIGIN])
def test_the_base_url_is_hubspots_origin(tmp_path: Path, client: str, base: str) -> None:
    """A request to the base URL and one to HubSpot's origin get the same answer, without a look at the network."""
    recorded = _recorded("POST", ORIGIN + "/a?x=1&y=", b'{"a": 1}', b'{"n": 1}')
    with _replaying(tmp_path, recorded, recorded, base_url=base), watched_sockets() as seen:
        for origin in (base, ORIGIN):
            assert _ask(origin + "/a?y=&x=1", "POST", b'{"a":1}', client) == b'{"n": 1}'
    assert seen == []


def test_a_connection_may_be_opened_by_hand_and_used_again(tmp_path: Path) -> None:
    """http.client's ``connect()`` before, between and after requests neither connects nor uses an answer up."""
    tape = [_poll("PENDING"), _poll("PROCESSING"), _poll("COMPLETE")]
    with _replaying(tmp_path, *tape) as recorder, watched_sockets() as seen:
        connection = http.client.HTTPSConnection("api.hubapi.com", context=TLS)
        states = []
        for _ in tape:
            connection.connect()
            connection.request("GET", STATUS)
            states.append(json.loads(connection.getresponse().read())["status"])
            connection.close()
        connection.connect()
        connection.close()
    assert states == ["PENDING", "PROCESSING", "COMPLETE"]
    assert len(recorder.exchanges) == 3
    assert seen == []


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        pytest.param("?hapikey=SCRUBBED&x=1", "?x=1&hapikey=another-key-0000", id="hapikey"),
        pytest.param("?access_token=SCRUBBED", "?access_token=another-token-0000", id="access-token"),
    ],
)
def test_a_credential_in_the_query_matches_though_scrubbed(tmp_path: Path, recorded: str, asked: str) -> None:
    """The recording was scrubbed, the request of today has a credential of its own; they match."""
    with _replaying(tmp_path, _recorded("GET", ORIGIN + "/a" + recorded, answer=b"1")):
        assert _ask(ORIGIN + "/a" + asked) == b"1"


def test_a_credential_is_not_reported_with_an_unmatched_request(tmp_path: Path) -> None:
    """What is said of a request without an answer has no credential in it."""
    with _replaying(tmp_path) as recorder, pytest.raises(UnmatchedRequestError):
        requests.get(ORIGIN + "/a?hapikey=hidden-0001", headers={"Authorization": "Bearer hidden-0002"}, timeout=9)
    assert "hidden" not in str(recorder.problems)


def test_a_dummy_token_that_is_a_word_of_the_request_does_not_hide_it(tmp_path: Path) -> None:
    """A replay may send ``Bearer placeholder`` with a body that speaks of placeholders."""
    recorded = _recorded("POST", ORIGIN + "/a", b'{"name":"placeholder.png"}', b"1")
    with _replaying(tmp_path, recorded):
        headers = {"Authorization": "Bearer placeholder"}
        assert (
            requests.post(ORIGIN + "/a", json={"name": "placeholder.png"}, headers=headers, timeout=9).content == b"1"
        )


# --- bodies in every form ----------------------------------------------------------------------------------

JSON = b'{"a":1}'
FORM = b"grant_type=refresh&scope=a+b"


def _aiohttp(given: Callable[[], Any], name: str = "data") -> Callable[[str], bytes]:
    async def post(url: str) -> bytes:
        async with aiohttp.ClientSession() as session, session.post(url, **{name: given()}) as answer:
            return await answer.read()

    return lambda url: asyncio.run(post(url))


async def _pieces() -> AsyncIterator[bytes]:
    yield JSON[:3]
    yield JSON[3:]


def _chunks() -> Iterator[bytes]:
    yield JSON[:3]
    yield JSON[3:]


def _with_urllib3(given: Callable[[], Any]) -> Callable[[str], bytes]:
    def post(url: str) -> bytes:
        with urllib3.PoolManager() as pool:
            return pool.request("POST", url, body=given()).data

    return post


def _piecewise(url: str) -> bytes:
    connection = http.client.HTTPSConnection("api.hubapi.com", context=TLS)
    connection.putrequest("POST", "/a")
    connection.putheader("Content-Length", str(len(JSON)))
    connection.endheaders()
    connection.send(JSON[:3])
    connection.send(JSON[3:])
    answer = connection.getresponse().read()
    connection.close()
    return answer


FORMS: dict[str, tuple[bytes, Callable[[str], bytes]]] = {
    "requests-json": (JSON, lambda url: requests.post(url, json={"a": 1}, timeout=9).content),
    "requests-bytes": (JSON, lambda url: requests.post(url, data=JSON, timeout=9).content),
    "requests-str": (JSON, lambda url: requests.post(url, data=JSON.decode(), timeout=9).content),
    "requests-bytearray": (JSON, lambda url: requests.post(url, data=bytearray(JSON), timeout=9).content),
    "requests-file": (JSON, lambda url: requests.post(url, data=io.BytesIO(JSON), timeout=9).content),
    "requests-generator": (JSON, lambda url: requests.post(url, data=_chunks(), timeout=9).content),
    "requests-form": (FORM, lambda url: requests.post(url, data={"grant_type": "refresh", "scope": "a b"}).content),
    "urllib3-bytes": (JSON, _with_urllib3(lambda: JSON)),
    "urllib3-file": (JSON, _with_urllib3(lambda: io.BytesIO(JSON))),
    "http.client-piecewise": (JSON, _piecewise),
    "aiohttp-json": (JSON, _aiohttp(lambda: {"a": 1}, "json")),
    "aiohttp-bytes": (JSON, _aiohttp(lambda: JSON)),
    "aiohttp-str": (JSON, _aiohttp(JSON.decode)),
    "aiohttp-file": (JSON, _aiohttp(lambda: io.BytesIO(JSON))),
    "aiohttp-generator": (JSON, _aiohttp(_pieces)),
    "aiohttp-form": (FORM, _aiohttp(lambda: {"grant_type": "refresh", "scope": "a b"})),
    "aiohttp-form-pairs": (FORM, _aiohttp(lambda: [("grant_type", "refresh"), ("scope", "a b")])),
    "aiohttp-form-data": (FORM, _aiohttp(lambda: aiohttp.FormData([("grant_type", "refresh"), ("scope", "a b")]))),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_body_matches_in_whatever_form_it_is_given(tmp_path: Path, form: str) -> None:
    """Bytes, text, files, iterators, forms and objects are the bytes that they become on the wire."""
    body, post = FORMS[form]
    with _replaying(tmp_path, _recorded("POST", ORIGIN + "/a", body, b"1")), watched_sockets() as seen:
        assert post(ORIGIN + "/a") == b"1"
    assert seen == []


@pytest.mark.parametrize("form", FORMS)
def test_another_body_in_that_form_does_not_match(tmp_path: Path, form: str) -> None:
    """No form of giving a body is taken for any other body."""
    with (
        _replaying(tmp_path, _recorded("POST", ORIGIN + "/a", b"other", b"1")),
        pytest.raises(UnmatchedRequestError, match="body differs"),
    ):
        FORMS[form][1](ORIGIN + "/a")


UPLOADS = """
import asyncio
import io
import aiohttp
import httpx
import pytest
import requests

def with_requests(url):
    return requests.post(url, files={"file": ("cat.png", b"\\x89PNG\\xff")}, data={"folderPath": "/a"}).status_code

def with_httpx(url):
    files = {"file": ("cat.png", b"\\x89PNG\\xff")}
    return httpx.post(url, files=files, data={"folderPath": "/a"}, timeout=600).status_code

def with_aiohttp(url):
    async def send(data):
        async with aiohttp.ClientSession() as session, session.post(url, data=data) as answer:
            return answer.status
    form = aiohttp.FormData({"folderPath": "/a"})
    form.add_field("file", b"\\x89PNG\\xff", filename="cat.png")
    asyncio.run(send(form))
    return asyncio.run(send({"file": io.BytesIO(b"\\x89PNG\\xff"), "folderPath": "/a"}))

CLIENTS = {"requests": with_requests, "httpx": with_httpx, "aiohttp": with_aiohttp}

@pytest.mark.hubfiles(version="v3", judge=False, allow=["outage"])  # the fake server knows no uploads
@pytest.mark.parametrize("client", CLIENTS)
def test_upload(hubfiles, client):
    assert CLIENTS[client](hubfiles.base_url + "/files/v3/files") in (404, 405)
    assert all(b"PNG" in e.interaction.request_body for e in hubfiles.exchanges)
"""


def test_an_upload_is_recorded_and_recognised(downstream: Downstream) -> None:
    """A multipart upload, with a boundary drawn anew each time, is stored as sent and found again."""
    downstream.tests(UPLOADS)
    downstream.record()
    sent = [request.body for request in downstream.sandbox.requests]
    assert len(sent) == 4
    assert all(body.startswith(b"--") and b"PNG" in body and b"folderPath" in body for body in sent)
    downstream.sandbox.close()
    with watched_sockets() as seen:
        result = downstream.run("--hubfiles-fail-on=warning")
    assert result.ret == 0, result.stdout.str()
    assert seen == []


def test_what_differs_in_long_bodies_is_shown() -> None:
    """Of two long bodies that differ far behind, the message shows where they do, and no more than that is of use."""
    bodies = [json.dumps({"a": "x" * 5_000, "b": value, "c": "y" * 5_000}) for value in ("cat", "dog")]
    recorded, asked = (interaction("POST", "/files/v3/x", 200, {}, asked=json.loads(body)) for body in bodies)

    said = explain(asked, Tape([recorded], [recorded]), "x.yaml").message

    lines = [line.strip() for line in said.splitlines() if "differs" in line]
    assert lines == ['body at $.b differs: recorded "cat", asked "dog"']


@pytest.mark.parametrize(
    ("recorded", "asked", "lines"),
    [
        ({"a": [1, 2]}, {"a": [1, 3]}, ["body at $.a[1] differs: recorded 2, asked 3"]),
        ({"a": [1, 2]}, {"a": [1]}, ["body at $.a differs: recorded [1, 2], asked [1]"]),
        ({"a": 1}, {"a": True}, ["body at $.a differs: recorded 1, asked true"]),
        ({"a": {"b": None}}, {"a": {}}, ["body at $.a.b differs: recorded null, not asked"]),
        ({}, {"x y": "\x1b"}, ["body at $['x y'] differs: not recorded, asked \"\\u001b\""]),
        ([], {}, ["body differs: recorded [], asked {}"]),
        (
            {},
            dict.fromkeys("abcdefg", 1),
            [
                *(f"body at $.{n} differs: not recorded, asked 1" for n in "abcde"),
                "body differs at 2 more places",
            ],
        ),
        (
            {"a": "x" * 300 + "cat"},
            {"a": "x" * 300 + "dog"},
            [f'body at $.a differs: recorded …{"x" * 40}cat", asked …{"x" * 40}dog"'],
        ),
    ],
    ids=["element", "length", "type", "deeper", "odd name", "other kinds", "many", "long value"],
)
def test_where_bodies_differ(recorded: object, asked: object, lines: list[str]) -> None:
    """Of bodies in JSON each place that differs is named with both values, shortened."""
    one, other = (interaction("POST", "/files/v3/x", 200, {}, asked=body) for body in (recorded, asked))

    said = explain(other, Tape([one], [one]), "x.yaml").message.splitlines()[2:-1]

    assert [line.strip() for line in said] == lines


def test_where_other_bodies_differ() -> None:
    """Of two bodies that are no JSON, the message shows where they differ, and no more than that is of use."""
    one, other = (
        replace(interaction("POST", "/files/v3/x", 200, {}), request_body=("x" * 5_000 + end + "y" * 5_000).encode())
        for end in ("cat", "dog")
    )

    (line,) = (n for n in explain(other, Tape([one], [one]), "x.yaml").message.splitlines() if "body differs" in n)

    assert "cat" in line.partition("asked")[0]
    assert "dog" in line.partition("asked")[2]
    assert len(line) < 500
