"""The sandbox over real HTTP: what each operation, scenario, refusal and switch puts on the wire."""

from __future__ import annotations

import gc
import gzip
import http.client
import json
import socket
import struct
import threading
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from helpers.patience import PATIENCE

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.sandbox import (
    SWITCHES,
    Sandbox,
    SandboxClosedError,
    SandboxPortError,
    SandboxRequest,
    UnknownSwitchError,
)
from pytest_hubfiles.sandbox.answers import FilesApi

VERSIONS = ("v3", "2025-09", "2026-03", "2026-09", "2026-09-beta")
IMPORT = "/files/v3/files/import-from-url/async"
FOLDER = "/files/v3/folders/update/async"
CAT = {"url": "https://example.com/pictures/cat.png", "access": "PRIVATE", "folderPath": "/library/cats"}
MOVE = {"id": "187864382023", "name": "cats", "parentFolderId": 122692510820}
TOKEN = {"Authorization": "Bearer any"}


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """Sends one request per connection, as plainly as the standard library can."""

    sandbox: Sandbox

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] = TOKEN) -> Reply:
        """Send a request with a JSON body, or with bytes as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self.sandbox.port, timeout=PATIENCE)
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, data, dict(headers))
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            assert len(names) == len(response.getheaders()), "a header came twice"
            return Reply(response.status, names, response.read())
        finally:
            connection.close()

    def start(self, path: str = IMPORT, body: object = None) -> str:
        """Start a task and return its status path."""
        asked = body or (CAT if "import" in path else MOVE)
        return f"{path}/tasks/{self.send('POST', path, asked).json['id']}/status"

    def polls(self, status_path: str, times: int = 3) -> list[Reply]:
        """Ask for a task's status so many times."""
        return [self.send("GET", status_path) for _ in range(times)]

    def ended(self, path: str = IMPORT, body: object = None) -> Any:
        """Return a fresh task's body once it has ended."""
        return self.polls(self.start(path, body))[-1].json


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox)


# --- operations and states ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_an_import_runs_through_the_states_in_every_version(client: Client, version: str) -> None:
    """Each poll moves an import on by one state, and each state shows exactly its own keys."""
    path = IMPORT.replace("v3", version)
    started = client.send("POST", path, CAT)
    link = f"https://api-na1.hubspot.com{path}/tasks/AAAAEZ6whGI/status"
    assert (started.status, started.json) == (202, {"id": "AAAAEZ6whGI", "links": {"status": link}})

    pending, processing, complete, again = client.polls(f"{path}/tasks/AAAAEZ6whGI/status", 4)
    assert [reply.status for reply in (pending, processing, complete, again)] == [200] * 4
    assert set(pending.json) == {"status", "requestedAt", "taskId"}
    assert set(processing.json) == {"status", "requestedAt", "startedAt", "taskId"}
    assert set(complete.json) == {"status", "requestedAt", "startedAt", "completedAt", "taskId", "result"}
    assert [pending.json["status"], processing.json["status"], complete.json["status"]] == [
        "PENDING",
        "PROCESSING",
        "COMPLETE",
    ]
    assert again.body == complete.body


def test_an_image_is_the_file_of_the_files_guide(client: Client) -> None:
    """An import of an image ends with a File that has the guide's keys and values, at the place asked for."""
    result = client.ended()["result"]
    assert result.pop("createdAt") == result.pop("updatedAt")
    url = "https://12345.fs1.hubspotusercontent-na1.net/hubfs/12345/library/cats/cat.png"
    assert result == {
        "id": "122692044085",
        "archived": False,
        "parentFolderId": "122692510820",
        "name": "cat",
        "path": "/library/cats/cat.png",
        "size": 24574,
        "height": 219,
        "width": 225,
        "encoding": "png",
        "type": "IMG",
        "extension": "png",
        "defaultHostingUrl": url,
        "url": url,
        "isUsableInContent": True,
        "access": "PRIVATE",
    }


def test_a_pdf_is_the_file_of_the_recording(client: Client) -> None:
    """An imported PDF is a DOCUMENT that has fileMd5 and sourceGroup, and nothing that only images have."""
    result = client.ended(body={**CAT, "url": "https://example.com/X.pdf"})["result"]
    assert (result["type"], result["extension"], result["sourceGroup"]) == ("DOCUMENT", "pdf", "CONTENT")
    assert len(result["fileMd5"]) == 32
    assert not {"encoding", "height", "width"} & set(result)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"name": "dog.png"}, {"name": "dog", "path": "/library/cats/dog.png"}, id="name"),
        pytest.param({"name": "v1.2"}, {"name": "v1.2", "path": "/library/cats/v1.2.png"}, id="dotted-name"),
        pytest.param({"folderPath": "a/b/"}, {"path": "/a/b/cat.png"}, id="folder-path"),
        pytest.param({"folderPath": None, "folderId": "77"}, {"parentFolderId": "77"}, id="folder-id"),
        pytest.param({"access": "PUBLIC_INDEXABLE"}, {"access": "PUBLIC_INDEXABLE"}, id="access"),
        pytest.param({"expiresAt": "2026-12-01T00:00:00Z"}, {"expiresAt": 1796083200000}, id="expires-at"),
        pytest.param({"url": "https://example.com/download?id=5"}, {"extension": "png"}, id="no-extension"),
    ],
)
def test_the_request_shows_in_the_file(client: Client, asked: object, expected: dict[str, object]) -> None:
    """Name, folder, access and expiry of the request are those of the file."""
    result = client.ended(body={**CAT, **asked})["result"]  # type: ignore[dict-item]
    assert {key: result[key] for key in expected} == expected


def test_a_file_without_a_folder_has_no_parent(client: Client) -> None:
    """Without folderPath and folderId the parentFolderId is absent, not null."""
    assert "parentFolderId" not in client.ended(body={**CAT, "folderPath": None})["result"]


@pytest.mark.parametrize(
    ("body", "state", "times"),
    [
        pytest.param({**CAT, "url": "https://example.com/canceled/x.pdf"}, "CANCELED", 3, id="canceled"),
        pytest.param({**CAT, "url": "https://example.com/missing.png"}, "COMPLETE", 3, id="missing"),
        pytest.param({"access": "PRIVATE"}, "COMPLETE", 3, id="no-url"),
    ],
)
def test_a_failed_import_lists_one_error(client: Client, body: object, state: str, times: int) -> None:
    """An import that fails has numErrors 1, one error in the wire's form, and no result."""
    ended = client.polls(client.start(body=body), times)[-1].json
    assert (ended["status"], ended["numErrors"], len(ended["errors"])) == (state, 1, 1)
    assert set(ended["errors"][0]) == {"status", "category", "message", "context"}
    assert "completedAt" in ended
    assert "result" not in ended


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_a_folder_update_ends_with_the_folder(client: Client, version: str) -> None:
    """A folder update ends COMPLETE with id, name and parent as asked, the parent as a string."""
    ended = client.ended(FOLDER.replace("v3", version))
    assert ended["status"] == "COMPLETE"
    folder = ended["result"]
    assert (folder["id"], folder["name"], folder["parentFolderId"]) == (
        "187864382023",
        "cats",
        "122692510820",
    )
    assert set(folder) == {
        "id",
        "createdAt",
        "updatedAt",
        "archived",
        "name",
        "path",
        "parentFolderId",
    }


def test_equal_runs_are_equal() -> None:
    """Two sandboxes asked the same give the same bodies, ids and times included, errors too."""

    def run() -> list[bytes]:
        with Sandbox() as sandbox:
            client = Client(sandbox)
            replies = [client.send("POST", IMPORT, {}), *client.polls(client.start())]
            replies += [*client.polls(client.start(FOLDER)), client.send("GET", f"{IMPORT}/tasks/x/status")]
            return [reply.body for reply in replies]

    first = run()
    assert first == run()
    assert len(set(first)) == len(first)


def test_two_imports_are_two(client: Client) -> None:
    """A second import has a task id, a file id and times of its own."""
    first, second = client.ended(), client.ended()
    for key in ("taskId", "requestedAt", "startedAt", "completedAt"):
        assert first[key] != second[key]
    assert first["result"]["id"] != second["result"]["id"]


# --- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "task_id",
    [
        "57122e26-59f8-4cfc-ba53-96e30c816762",
        "478408617167",
        "AAAA",
        "AAAA EZ6whGI",
        "AAAAEZ6w!hGI=",
        "AAAAEZ6whG\N{LATIN SMALL LETTER E WITH ACUTE}",
    ],
)
def test_an_undecodable_id_is_a_bad_request(client: Client, task_id: str) -> None:
    """An id that does not decode to eight bytes gets 400, with the id in the context, not 404."""
    client.start(FOLDER)
    reply = client.send("GET", f"{FOLDER}/tasks/{quote(task_id)}/status")
    assert (reply.status, reply.json["message"]) == (400, "Provided ID could not be decoded.")
    assert reply.json["context"] == {"id": [task_id]}
    assert reply.json["category"] == "VALIDATION_ERROR"
    assert uuid.UUID(reply.json["correlationId"]).version == 4


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"{IMPORT}/tasks/AAAAAAAAAAE/status", id="never-started"),
        pytest.param(f"{FOLDER}/tasks/AAAAEZ6whGI/status", id="other-operation"),
        pytest.param(f"{IMPORT.replace('v3', '2026-03')}/tasks/AAAAEZ6whGI/status", id="other-version"),
    ],
)
def test_an_unknown_task_is_not_found(client: Client, path: str) -> None:
    """A task is known only to the operation and version it was started in; the 404 has no category."""
    client.start()
    reply = client.send("GET", path)
    assert (reply.status, reply.json["message"]) == (404, "resource not found")
    assert set(reply.json) == {"status", "message", "correlationId"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param(IMPORT, b"", id="empty"),
        pytest.param(IMPORT, b"{", id="cut"),
        pytest.param(IMPORT, b"\xff\xfe", id="no-text"),
        pytest.param(IMPORT, b"[" * 100_000, id="too-deep"),
        pytest.param(IMPORT, [], id="array"),
        pytest.param(IMPORT, None, id="no-body"),
        pytest.param(IMPORT, {"url": CAT["url"]}, id="no-access"),
        pytest.param(IMPORT, {**CAT, "access": None}, id="null-access"),
        pytest.param(IMPORT, {**CAT, "access": "SECRET"}, id="unknown-access"),
        pytest.param(IMPORT, {**CAT, "name": 5}, id="name-no-text"),
        pytest.param(IMPORT, {**CAT, "name": "\ud800"}, id="half-a-pair"),
        pytest.param(IMPORT, {**CAT, "expiresAt": "soon"}, id="no-date"),
        pytest.param(FOLDER, {"name": "cats"}, id="no-folder-id"),
        pytest.param(FOLDER, {**MOVE, "id": True}, id="boolean-id"),
        pytest.param(FOLDER, {**MOVE, "parentFolderId": "root"}, id="no-int64"),
    ],
)
def test_a_bad_start_is_a_bad_request(client: Client, path: str, body: object) -> None:
    """A start whose body is no fitting JSON object gets the 400 envelope, and no task comes of it."""
    reply = client.send("POST", path, body)
    assert (reply.status, reply.json["category"]) == (400, "VALIDATION_ERROR")
    assert reply.json["message"].startswith("Invalid input JSON on line 1, column ")
    assert client.start(path).endswith("/AAAAEZ6whGI/status")


def test_the_missing_field_is_named(client: Client) -> None:
    """The 400 for a missing field says which, in the words seen on the wire."""
    message = "Invalid input JSON on line 1, column 2. Some required fields were not set: "
    assert client.send("POST", IMPORT, {}).json["message"] == f"{message}[access]"
    assert client.send("POST", FOLDER, {}).json["message"] == f"{message}[id]"


@pytest.mark.parametrize(
    ("headers", "status", "category", "message"),
    [
        pytest.param({}, 401, "INVALID_AUTHENTICATION", "credentials not found", id="none"),
        pytest.param({"Authorization": "Basic eA=="}, 401, "INVALID_AUTHENTICATION", "not found", id="basic"),
        pytest.param({"Authorization": "Bearer "}, 401, "INVALID_AUTHENTICATION", "not found", id="empty"),
        pytest.param(
            {"Authorization": "Bearer expired"},
            401,
            "EXPIRED_AUTHENTICATION",
            "75 second(s) ago",
            id="expired",
        ),
        pytest.param(
            {"Authorization": "Bearer garbage"},
            401,
            "EXPIRED_AUTHENTICATION",
            "20543 day(s) ago",
            id="garbage",
        ),
        pytest.param(
            {"Authorization": "bearer no-scopes"},
            403,
            "MISSING_SCOPES",
            "all required scopes",
            id="no-scopes",
        ),
    ],
)
def test_tokens_are_refused_as_hubspot_refuses_them(
    client: Client, headers: dict[str, str], status: int, category: str, message: str
) -> None:
    """No token, and the three tokens with a meaning, get HubSpot's own refusals on every operation."""
    for method, path in [
        ("POST", IMPORT),
        ("GET", f"{IMPORT}/tasks/AAAAEZ6whGI/status"),
        ("POST", FOLDER),
        ("GET", f"{FOLDER}/tasks/AAAAEZ6whGI/status"),
    ]:
        reply = client.send(method, path, headers=headers)
        assert (reply.status, reply.json["category"]) == (status, category)
        assert message in reply.json["message"]
        assert reply.json["status"] == "error"


def test_a_missing_scope_is_named(client: Client) -> None:
    """The 403 lists the operation's scopes: those to read for an import's status, to write for a folder's."""
    headers = {"Authorization": "Bearer no-scopes"}
    reading = client.send("GET", f"{IMPORT}/tasks/x/status", headers=headers).json["errors"][0]["context"]
    writing = client.send("GET", f"{FOLDER}/tasks/x/status", headers=headers).json["errors"][0]["context"]
    assert "files.ui_hidden.read" in reading["requiredGranularScopes"]
    assert "files.ui_hidden.write" in writing["requiredGranularScopes"]


def test_an_api_key_in_the_query_is_fine(client: Client) -> None:
    """A hapikey takes the place of the token, and is in no link of the answer."""
    reply = client.send("POST", f"{IMPORT}?hapikey=sesame", CAT, headers={})
    assert reply.status == 202
    assert b"sesame" not in reply.body


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/files/v4/files/import-from-url/async",
        f"{IMPORT}/tasks//status",
        f"{IMPORT}/tasks/AAAAEZ6whGI",
        FOLDER.replace("v3", "2026-09-beta"),
        f"{FOLDER.replace('v3', '2026-09-beta')}/tasks/AAAAEZ6whGI/status",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_an_unroutable_path_gets_a_page(client: Client, method: str, path: str) -> None:
    """A path that is no operation, the beta's folder operations among them, gets Jetty's HTML page."""
    reply = client.send(method, path)
    assert (reply.status, reply.headers["content-type"]) == (404, "text/html;charset=utf-8")
    assert (b"<title>Error 404 Not Found</title>" in reply.body) is (method != "HEAD")
    assert "x-hubspot-ratelimit-max" not in reply.headers


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", IMPORT, "POST"),
        ("PUT", FOLDER, "POST"),
        ("OPTIONS", IMPORT, "POST"),
        ("POST", f"{IMPORT}/tasks/AAAAEZ6whGI/status", "GET"),
        ("DELETE", f"{FOLDER}/tasks/AAAAEZ6whGI/status", "GET"),
        ("HEAD", f"{FOLDER}/tasks/AAAAEZ6whGI/status", "GET"),
        ("PATCH", f"{FOLDER}/tasks/AAAAEZ6whGI/status", "GET"),
    ],
)
def test_a_wrong_method_is_not_allowed(client: Client, method: str, path: str, allowed: str) -> None:
    """A known path asked with another method gets an empty 405 that says which one it takes."""
    reply = client.send(method, path)
    assert (reply.status, reply.headers["allow"], reply.body) == (405, allowed, b"")
    assert reply.headers["content-length"] == "0"
    assert "__cf_bm=" in reply.headers["set-cookie"]
    assert "x-hubspot-ratelimit-max" not in reply.headers


# --- headers and transfer ----------------------------------------------------------------------------------


def test_answers_carry_hubspots_headers(client: Client) -> None:
    """An answer of the API has the headers of the published dumps, volatile ones included."""
    reply = client.send("GET", client.start())
    assert reply.headers["content-type"] == "application/json;charset=utf-8"
    assert reply.headers["server"] == "cloudflare"
    assert reply.headers["x-request-id"] == reply.headers["x-hubspot-correlation-id"]
    assert uuid.UUID(reply.headers["x-request-id"]).version == 4
    assert {
        "date",
        "content-length",
        "connection",
        "cf-ray",
        "cf-cache-status",
        "strict-transport-security",
        "vary",
        "access-control-allow-credentials",
        "x-content-type-options",
        "x-envoy-upstream-service-time",
        "x-evy-trace-listener",
        "x-hubspot-ratelimit-daily",
        "x-hubspot-ratelimit-daily-remaining",
        "x-hubspot-ratelimit-interval-milliseconds",
        "x-hubspot-ratelimit-max",
        "x-hubspot-ratelimit-remaining",
        "x-hubspot-ratelimit-secondly",
        "x-hubspot-ratelimit-secondly-remaining",
        "report-to",
        "nel",
    } < set(reply.headers)


def test_a_start_sets_cloudflares_cookie(client: Client) -> None:
    """A recorder meets a cookie it has to scrub, for HubSpot's domain and not for this one."""
    assert "domain=.hubapi.com" in client.send("POST", IMPORT, CAT).headers["set-cookie"]


@pytest.mark.parametrize(
    ("offer", "packed"),
    [("gzip, deflate, br", True), ("br;q=1.0, gzip;q=0.5", True), ("identity", False), ("gzip;q=0", False)],
)
def test_gzip_is_for_clients_that_offer_it(client: Client, offer: str, packed: bool) -> None:
    """The body is compressed if Accept-Encoding takes gzip, else not; Content-Length counts what is sent."""
    reply = client.send("GET", client.start(), headers={**TOKEN, "Accept-Encoding": offer})
    assert ("content-encoding" in reply.headers) is packed
    assert int(reply.headers["content-length"]) == len(reply.body)
    body = gzip.decompress(reply.body) if packed else reply.body
    assert json.loads(body)["status"] == "PENDING"


def test_one_connection_serves_many_requests(sandbox: Sandbox) -> None:
    """A connection stays open between answers, whether they succeed or not, with a body or without."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
    connection.connect()
    opened = connection.sock
    try:
        for method, path, body, status in [
            ("POST", IMPORT, json.dumps(CAT), 202),
            ("POST", IMPORT, "nonsense", 400),
            ("GET", IMPORT, None, 405),
            ("GET", "/", None, 404),
            ("GET", f"{IMPORT}/tasks/AAAAEZ6whGI/status", None, 200),
        ]:
            connection.request(method, path, body, TOKEN)
            response = connection.getresponse()
            response.read()
            assert response.status == status
            assert connection.sock is opened
    finally:
        connection.close()


def test_the_answer_to_head_has_no_body(sandbox: Sandbox) -> None:
    """After the headers of an answer to HEAD nothing follows, which would be taken for the next answer."""
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=PATIENCE) as connection:
        connection.sendall(b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 404 ")
    assert received.endswith(b"\r\n\r\n")


def test_a_chunked_request_is_read(sandbox: Sandbox) -> None:
    """A client that streams its body without a length is understood."""
    body = json.dumps(CAT).encode()
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
    try:
        connection.request("POST", IMPORT, iter([body[:10], body[10:]]), TOKEN, encode_chunked=True)
        assert connection.getresponse().status == 202
    finally:
        connection.close()
    assert sandbox.requests[0].body == body


def test_requests_are_kept(sandbox: Sandbox, client: Client) -> None:
    """Everything received can be looked at, in order, header names in lower case and the query included."""
    client.send("POST", f"{IMPORT}?a=1", CAT, headers={"AUTHORIZATION": "Bearer secret"})
    client.send("GET", "/nowhere")
    first, second = sandbox.requests
    assert (first.method, first.path, json.loads(first.body)) == ("POST", f"{IMPORT}?a=1", CAT)
    assert first.headers["authorization"] == "Bearer secret"
    assert (second.method, second.path, second.body) == ("GET", "/nowhere", b"")


def test_a_token_is_nowhere_in_what_is_shown(
    sandbox: Sandbox, client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither an answer, nor the request's repr, nor the terminal shows the token."""
    headers = {"Authorization": "Bearer pat-secret"}
    replies = [
        client.send("POST", f"{IMPORT}?hapikey=pat-secret", CAT, headers=headers),
        client.send("GET", f"{IMPORT}/tasks/x/status", headers=headers),
        client.send("GET", "/nowhere?hapikey=pat-secret", headers=headers),
    ]
    assert "pat-secret" not in repr(replies)
    assert "pat-secret" not in repr(sandbox.requests)
    assert capfd.readouterr() == ("", "")


# --- switches ----------------------------------------------------------------------------------------------


def test_the_switches_are_one_sorted_table() -> None:
    """The table lists drifts, then faults, each by name; every row says what, and on what evidence."""
    rows = list(SWITCHES.values())
    assert [row.name for row in rows] == list(SWITCHES)
    assert rows == sorted(rows, key=lambda row: (row.kind, row.name))
    assert all(row.evidence in "DRI" and row.origin and row.effect for row in rows)


def _ended_folder(client: Client) -> Any:
    return client.ended(FOLDER)


def _null_body(client: Client) -> None:
    pending, processing, complete = client.polls(client.start())
    assert (pending.status, pending.body, processing.body) == (200, b"null", b"null")
    assert complete.json["status"] == "COMPLETE"


def _nulls(client: Client) -> None:
    for reply in client.polls(client.start()):
        body = reply.json
        assert (body["requestedAt"], body["links"], body["errors"]) == (None, {}, [])
    failed = client.ended(body={**CAT, "url": "https://example.com/missing"})
    assert len(failed["errors"]) == failed["numErrors"] == 1


def _code(status: int) -> Callable[[Client], None]:
    def effect(client: Client) -> None:
        assert client.send("POST", IMPORT, CAT).status == 202
        replies = client.polls(f"{IMPORT}/tasks/AAAAEZ6whGI/status")
        assert [reply.status for reply in replies] == [status] * 3
        assert [reply.json["status"] for reply in replies] == ["PENDING", "PROCESSING", "COMPLETE"]

    return effect


def _204(client: Client) -> None:
    for reply in client.polls(client.start()):
        assert (reply.status, reply.body) == (204, b"")
        assert not {"content-type", "content-length"} & set(reply.headers)


def _empty_200(client: Client) -> None:
    for reply in client.polls(client.start()):
        assert (reply.status, reply.body, reply.headers["content-length"]) == (200, b"", "0")
        assert reply.headers["content-type"] == "application/json;charset=utf-8"


def _file_md5(client: Client) -> None:
    result = client.ended()["result"]
    assert (len(result["fileMd5"]), result["sourceGroup"], result["type"]) == (32, "CONTENT", "IMG")
    assert "fileMd5" not in _ended_folder(client)["result"]


def _sensitive_access(client: Client) -> None:
    assert client.ended()["result"]["access"] == "HIDDEN_SENSITIVE"
    assert "access" not in _ended_folder(client)["result"]


def _source_group_enum(client: Client) -> None:
    # The one switch that changes the claim and not the wire: the answer is the plain sandbox's.
    drifted = client.ended(body={**CAT, "url": "https://example.com/X.pdf"})
    with Sandbox() as plain:
        assert drifted == Client(plain).ended(body={**CAT, "url": "https://example.com/X.pdf"})


def _no_access(client: Client) -> None:
    result = client.ended()["result"]
    assert "access" not in result
    assert "url" in result


def _old_file_host(client: Client) -> None:
    result = client.ended()["result"]
    for key in ("url", "defaultHostingUrl"):
        assert result[key] == "https://f.hubspotusercontent10.net/hubfs/12345/library/cats/cat.png"


def _correlation_v7(client: Client) -> None:
    reply = client.send("GET", f"{IMPORT}/tasks/x/status")
    found = uuid.UUID(reply.json["correlationId"])
    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    assert reply.headers["x-hubspot-correlation-id"] == reply.json["correlationId"]
    assert not [name for name in reply.headers if name.startswith(("x-evy-", "x-envoy-"))]


def _size_as_string(client: Client) -> None:
    assert client.ended()["result"]["size"] == "24574"
    assert "size" not in _ended_folder(client)["result"]


def _folders_gone(client: Client) -> None:
    for method, path in [("POST", FOLDER), ("GET", f"{FOLDER}/tasks/AAAAEZ6whGI/status")]:
        reply = client.send(method, path, MOVE)
        assert (reply.status, b"Error 404 Not Found" in reply.body) == (404, True)
        assert reply.headers["content-type"].startswith("text/html")
    assert client.ended()["status"] == "COMPLETE"


def _null_fields(client: Client) -> None:
    result = client.ended()["result"]
    assert (result["url"], result["defaultHostingUrl"], result["name"]) == (None, None, "cat")


def _failed_status(client: Client) -> None:
    for path in (IMPORT, FOLDER):
        ended = client.ended(path)
        assert (ended["status"], ended["numErrors"], len(ended["errors"])) == ("FAILED", 1, 1)
        assert "result" not in ended
    url = "https://example.com/canceled.png"
    assert client.ended(body={**CAT, "url": url})["errors"][0]["context"] == {"url": [url]}


def _states(client: Client, times: int) -> list[str]:
    return [reply.json["status"] for reply in client.polls(client.start(), times)]


def _goes_back(client: Client) -> None:
    assert _states(client, 6) == ["PENDING", "PROCESSING", "COMPLETE"] * 2


def _never_ends(client: Client) -> None:
    assert _states(client, 6) == ["PENDING"] + ["PROCESSING"] * 5


def _renamed_field(client: Client) -> None:
    result = client.ended()["result"]
    assert "defaultHostingUrl" not in result
    assert result["hostingUrl"] == result["url"]


def _epoch_times(client: Client) -> None:
    pending, processing, complete = (reply.json for reply in client.polls(client.start()))
    assert "completedAt" not in pending
    assert "completedAt" not in processing
    assert type(complete["completedAt"]) is int
    assert len(str(complete["completedAt"])) == 13
    assert type(complete["startedAt"]) is str


def _sunset(client: Client) -> None:
    status_path = client.start()
    for reply in (client.send("POST", IMPORT, CAT), client.send("GET", status_path)):
        assert reply.headers["deprecation"] == "@1774828800"
        assert reply.headers["sunset"] == "Wed, 01 Sep 2027 00:00:00 GMT"


def _rate_limited(message: str, policy: str, **headers: str | None) -> Callable[[Client], None]:
    def effect(client: Client) -> None:
        reply = client.send("GET", client.start())
        assert reply.status == 429
        assert {name: reply.headers.get(name.replace("_", "-")) for name in headers} == headers
        correlation_id = reply.headers["x-hubspot-correlation-id"]
        assert reply.json == {
            "status": "error",
            "message": message,
            "errorType": "RATE_LIMIT",
            "correlationId": correlation_id,
            "policyName": policy,
            "requestId": correlation_id,
        }

    return effect


def _server_error(client: Client) -> None:
    reply = client.send("GET", client.start())
    correlation_id = reply.headers["x-hubspot-correlation-id"]
    assert (reply.status, list(reply.json)) == (500, ["correlationId", "message", "status"])
    assert list(reply.json.values()) == [correlation_id, "internal error", "error"]


def _page(status: int, text: str, location: str | None = None) -> Callable[[Client], None]:
    def effect(client: Client) -> None:
        reply = client.send("GET", client.start())
        assert (reply.status, reply.headers.get("location")) == (status, location)
        assert reply.headers["content-type"].startswith("text/html")
        assert text in reply.body.decode()
        assert "x-hubspot-correlation-id" not in reply.headers

    return effect


def _cut(client: Client) -> None:
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.send("GET", client.start())
    assert caught.value.partial.startswith(b'{"status":"PENDING"')
    assert caught.value.expected in (len(caught.value.partial), len(caught.value.partial) + 1)


def _stall(client: Client) -> None:
    path = client.start()
    with socket.create_connection(("127.0.0.1", client.sandbox.port)) as waiting:
        waiting.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n".encode())
        waiting.settimeout(0.2)
        with pytest.raises(TimeoutError):
            waiting.recv(1)
        waiting.settimeout(PATIENCE)
        client.sandbox.close()
        assert waiting.recv(1) == b""


EFFECTS: dict[str, Callable[[Client], None]] = {
    "201": _code(201),
    "202": _code(202),
    "204": _204,
    "correlation-v7": _correlation_v7,
    "empty-200": _empty_200,
    "epoch-times": _epoch_times,
    "failed-status": _failed_status,
    "file-md5": _file_md5,
    "folders-gone": _folders_gone,
    "goes-back": _goes_back,
    "never-ends": _never_ends,
    "no-access": _no_access,
    "null-body": _null_body,
    "null-fields": _null_fields,
    "nulls": _nulls,
    "old-file-host": _old_file_host,
    "renamed-field": _renamed_field,
    "sensitive-access": _sensitive_access,
    "size-as-string": _size_as_string,
    "source-group-enum": _source_group_enum,
    "sunset": _sunset,
    "bad-gateway": _page(502, "502 Bad Gateway"),
    "cut": _cut,
    "html-200": _page(200, "<html>"),
    "login-redirect": _page(302, "302 Found", "https://app.hubspot.com/login"),
    "rate-limit": _rate_limited(
        "You have reached your daily limit.",
        "DAILY",
        retry_after="1",
        x_hubspot_ratelimit_daily_remaining="0",
    ),
    "rate-limit-burst": _rate_limited(
        "You have reached your ten_secondly_rolling limit.",
        "TEN_SECONDLY_ROLLING",
        retry_after=None,
        x_hubspot_ratelimit_remaining="0",
    ),
    "server-error": _server_error,
    "stall": _stall,
    "unavailable": _page(503, "503 Service Unavailable"),
}


@pytest.mark.parametrize("name", SWITCHES)
def test_each_switch_has_its_effect(name: str) -> None:
    """Every switch of the table does on the wire what it says, and only it."""
    with Sandbox(switches=[name]) as sandbox:
        EFFECTS[name](Client(sandbox))


@pytest.mark.parametrize("name", [name for name in SWITCHES if name != "source-group-enum"])
def test_no_effect_shows_without_its_switch(sandbox: Sandbox, name: str) -> None:
    """What a switch's test looks for is not there in the plain sandbox."""
    # KeyError: the plain answer lacks the key looked for; OSError and pytest's own: the plain answer arrives.
    with pytest.raises((AssertionError, KeyError, ValueError, pytest.fail.Exception)):
        EFFECTS[name](Client(sandbox))


@pytest.mark.parametrize("name", [name for name, switch in SWITCHES.items() if switch.kind == "fault"])
def test_a_fault_spares_the_starts(name: str) -> None:
    """Under a fault a task can be started, and goes on as if nothing had been once the fault is over."""
    with Sandbox(switches=[name]) as sandbox:
        client = Client(sandbox)
        path = client.start()
        sandbox.switch()
        assert client.polls(path)[-1].json["status"] == "COMPLETE"


def test_switches_replace_each_other(sandbox: Sandbox, client: Client) -> None:
    """switch() puts the names given in place of the active ones, between two polls of one task."""
    path = client.start()
    sandbox.switch("202", "nulls")
    first = client.send("GET", path)
    sandbox.switch("201")
    second = client.send("GET", path)
    sandbox.switch()
    third = client.send("GET", path)
    assert [reply.status for reply in (first, second, third)] == [202, 201, 200]
    assert ["links" in reply.json for reply in (first, second, third)] == [True, False, False]


@pytest.mark.parametrize(
    ("names", "status"),
    [
        (("201", "202"), 202),
        (("202", "201"), 201),
        (("server-error", "unavailable"), 503),
        (("201", "204"), 204),
    ],
)
def test_of_contradicting_switches_the_last_wins(
    sandbox: Sandbox, client: Client, names: tuple[str, ...], status: int
) -> None:
    """Two switches that cannot both hold are decided by their order."""
    path = client.start()
    sandbox.switch(*names)
    assert client.send("GET", path).status == status


def test_switches_add_up(sandbox: Sandbox, client: Client) -> None:
    """Switches on different fields show together."""
    sandbox.switch("renamed-field", "size-as-string", "epoch-times")
    ended = client.ended()
    assert "hostingUrl" in ended["result"]
    assert ended["result"]["size"] == "24574"
    assert type(ended["completedAt"]) is int


def test_an_unknown_switch_is_refused(sandbox: Sandbox, client: Client) -> None:
    """A name that is no switch is quoted, with the good ones listed, and the active switches stay."""
    sandbox.switch("202")
    with pytest.raises(UnknownSwitchError, match="'null-bodies'") as caught:
        sandbox.switch("201", "null-bodies")
    assert "null-body" in str(caught.value)
    assert client.send("GET", client.start()).status == 202
    with pytest.raises(UnknownSwitchError, match="'nope'"):
        Sandbox(switches=["nope"])


# --- life of a sandbox -------------------------------------------------------------------------------------


def test_a_port_in_use_is_said(sandbox: Sandbox) -> None:
    """A port that is taken, or is none, is an error that says which and what to do."""
    for port in (sandbox.port, 65536):
        with pytest.raises(SandboxPortError, match=rf"127\.0\.0\.1:{port}.*\n.*another port") as caught:
            Sandbox(port=port)
        assert caught.value.port == port
        assert isinstance(caught.value, HubfilesError)


def test_a_free_port_can_be_chosen() -> None:
    """A sandbox listens on the port asked for, and a closed one frees it at once."""
    with Sandbox() as first:
        Client(first).start()
    with Sandbox(port=first.port) as second:
        assert second.url == first.url == f"http://127.0.0.1:{first.port}"
        assert Client(second).start()


def test_start_and_close_may_be_repeated() -> None:
    """Starting or closing twice changes nothing, closing unstarted is fine, a closed one stays closed."""
    sandbox = Sandbox()
    sandbox.start()
    sandbox.start()
    assert Client(sandbox).start()
    sandbox.close()
    sandbox.close()
    with pytest.raises(ConnectionRefusedError):
        Client(sandbox).start()
    with pytest.raises(SandboxClosedError, match="Make a new Sandbox"):
        sandbox.start()
    Sandbox().close()


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_close_leaves_no_socket_open() -> None:
    """After close() an idle connection has ended, its thread too, and no socket waits for the collector."""
    before = set(threading.enumerate())
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        sandbox = Sandbox()
        sandbox.start()
        with socket.create_connection(("127.0.0.1", sandbox.port), timeout=PATIENCE) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert idle.recv(12) == b"HTTP/1.1 404"
            sandbox.close()
            while idle.recv(65536):
                pass
        for thread in set(threading.enumerate()) - before:
            thread.join(timeout=PATIENCE)
            assert not thread.is_alive()
        del sandbox
        gc.collect()


def test_close_does_not_wait_for_a_stalled_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """close() ends a stalled answer, and the thread behind it, instead of sitting out the stall."""
    monkeypatch.setattr("pytest_hubfiles.sandbox.server._STALL_SECONDS", 2 * PATIENCE)
    before = set(threading.enumerate())
    with Sandbox(switches=["stall"]) as sandbox:
        client = Client(sandbox)
        path = client.start()
        ended: list[type[BaseException]] = []

        def ask() -> None:
            try:
                client.send("GET", path)
            except (OSError, http.client.HTTPException) as error:
                ended.append(type(error))

        asking = threading.Thread(target=ask)
        asking.start()
        while len(sandbox.requests) < 2:
            asking.join(timeout=0.01)
    asking.join(timeout=PATIENCE)
    assert ended == [http.client.RemoteDisconnected]
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=PATIENCE)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"nonsense\r\n\r\n", id="no-http"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", id="length"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="negative-length"),
        pytest.param(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="chunk"),
        pytest.param(b"BREW /pot HTTP/1.1\r\n\r\n", id="method"),
    ],
)
def test_nonsense_does_not_end_the_sandbox(client: Client, raw: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """What is not HTTP gets an error, nothing is printed, and the next client is served."""
    with socket.create_connection(("127.0.0.1", client.sandbox.port), timeout=PATIENCE) as connection:
        connection.sendall(raw)
        first = connection.recv(65536)
        assert first.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")) or b"Error code: 400" in first
    assert client.start()
    assert capfd.readouterr() == ("", "")


def test_a_client_that_leaves_is_no_noise(sandbox: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    """A connection reset in the middle of a request prints nothing."""
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=PATIENCE) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert Client(sandbox).start()
    sandbox.close()
    assert capfd.readouterr() == ("", "")


def test_answers_leave_without_delay(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's connections have TCP_NODELAY, without which a loopback answer takes 42 ms."""
    chosen: list[tuple[object, ...]] = []
    real = socket.socket.setsockopt

    def noting(self: socket.socket, *options: Any) -> None:
        chosen.append(options)
        real(self, *options)

    monkeypatch.setattr(socket.socket, "setsockopt", noting)
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 404"
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, True) in chosen


def test_a_fault_of_its_own_is_reported_to_the_client(
    client: Client, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An error inside the sandbox becomes a 500 that names it; nothing is printed and the server goes on."""

    def broken(api: FilesApi, request: SandboxRequest, switches: tuple[str, ...]) -> None:
        raise LookupError("Bearer pat-secret")

    with monkeypatch.context() as patch:
        patch.setattr(FilesApi, "answer", broken)
        reply = client.send("GET", "/")
    assert (reply.status, reply.body) == (500, b"The sandbox failed to answer: LookupError.\n")
    assert client.start()
    assert capfd.readouterr() == ("", "")


def test_it_listens_on_the_loopback_only(sandbox: Sandbox) -> None:
    """The sandbox is not reachable from another machine."""
    assert urlsplit(sandbox.url).hostname == "127.0.0.1"
    with (
        pytest.raises((ConnectionRefusedError, TimeoutError)),
        socket.create_connection(("127.0.0.2", sandbox.port), timeout=1),  # also this machine, on Linux
    ):
        pass


# --- clients -----------------------------------------------------------------------------------------------


def test_the_official_client_imports_and_moves(sandbox: Sandbox) -> None:
    """HubSpot's own client, validating what it receives, drives both operations to their end in v3."""
    hubspot = pytest.importorskip("hubspot")
    files = pytest.importorskip("hubspot.files")
    api = hubspot.HubSpot(access_token="x", host=sandbox.url, client_side_validation=True).files

    started = api.files_api.import_from_url(import_from_url_input=files.ImportFromUrlInput(**_snake(CAT)))
    loose = hubspot.HubSpot(access_token="x", host=sandbox.url).files
    waiting = [loose.files_api.check_import(started.id) for _ in range(2)]
    assert [(task.status, task.completed_at) for task in waiting] == [("PENDING", None), ("PROCESSING", None)]
    done = api.files_api.check_import(started.id)
    assert (done.status, done.result.name, done.result.size) == ("COMPLETE", "cat", 24574)

    started = api.folders_api.update_properties_recursively(
        folder_update_input_with_id=files.FolderUpdateInputWithId(**_snake(MOVE))
    )
    for _ in range(2):
        assert loose.folders_api.check_update_status(started.id).result is None
    moved = api.folders_api.check_update_status(started.id)
    assert (moved.status, moved.result.name, moved.result.parent_folder_id) == (
        "COMPLETE",
        "cats",
        "122692510820",
    )


def _snake(body: Mapping[str, object]) -> dict[str, object]:
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in key): value for key, value in body.items()}
