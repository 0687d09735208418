"""A body reaches every client in replay as it did live, however the wire encoded it, and is readable in the file."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli
import pytest
import zstandard
from helpers.downstream import Downstream
from helpers.http_clients import SENDERS

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.body import decode_body
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.wire import text_of

AS_LONG = b'{"id":"AAAAEZ6whGI","links":{"status":"https://api.hubapi.com/files/v3/folders/update/async/tasks/AAAAEZ6whGI/status"}}'
"""What is as long as it is once it is encoded."""
JSON = b'{"id":"76","name":"caf\xc3\xa9 \xf0\x9f\x98\x80","note":"a \\"quoted\\" \\u00e9","size":24574}'


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


ENCODERS = {
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "gzip-of-two-members": lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:]),
    "deflate": zlib.compress,
    "deflate-raw": _raw_deflate,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "zstd-of-two-frames": lambda body: zstandard.compress(body[:9]) + zstandard.compress(body[9:]),
    "none": lambda body: body,
}
BODIES = {
    "json": JSON,
    "empty": b"",
    "blank": b" \r\n ",
    "binary": bytes(range(256)) * 4,
    "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40),
    "gzip-file": gzip.compress(JSON, mtime=0),
    "utf-8-bom": b"\xef\xbb\xbf" + JSON,
    "latin-1": '{"name":"café"}'.encode("latin-1"),
    "emoji": "😀👩‍👩‍👧\U0010ffff".encode(),
    "crlf": b'{\r\n  "a": 1\r\n}\r\n',
    "trailing-spaces": b'{"a": 1}   \n{"b": 2} \n  ',
    "leading-spaces": b'   {"a": 1}\n',
    "control-characters": b'{"a":"\x7f\xc2\x85\xe2\x80\xa8\t"}\x00',
    "yaml-like": b"--- !!python/object:os.system\n- &a *a\n...\n# no comment\n",
    "number": b"123",
    "large": json.dumps([{"id": n, "name": "ü" * 900} for n in range(600)], ensure_ascii=False).encode(),
}
assert len(BODIES["large"]) > 1_000_000


class _Upstream(BaseHTTPRequestHandler):
    """Answers ``/encoding/body/framing``."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: object) -> None:
        """Keep silent."""

    def do_GET(self) -> None:
        encoding, body, framing = self.path.strip("/").split("/")
        wire = ENCODERS[encoding](BODIES[body])
        self.send_response(203, "Fine So Far")
        self.send_header("Content-Type", "application/json; charset=latin-1" if body == "latin-1" else "text/x-any")
        if encoding != "none":
            self.send_header("Content-Encoding", encoding.split("-")[0])
        self.send_header("Link", "<https://example.com/1>; rel=prev")
        self.send_header("Link", "<https://example.com/3>; rel=next")
        self.send_header("X-RateLimit-Remaining", "99")
        if framing == "length":
            self.send_header("Content-Length", str(len(wire)))
        elif framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        if framing != "chunked":
            self.wfile.write(wire)
            return
        middle = len(wire) // 2
        for part in (wire[:middle], wire[middle:]):
            if part:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    """The address of a server for every encoding and body."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Upstream) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


TESTS = """
import pathlib
import pytest
from helpers import http_clients

@pytest.mark.hubfiles(version="v3", judge=False)
def test_bodies(hubfiles):
    send = http_clients.SENDERS[{client!r}]
    answers = [
        send("GET", hubfiles.base_url + path, {{"Accept-Encoding": {offer!r}, "Accept": "*/*"}}, None)
        for path in {paths!r}
    ]
    http_clients.save(answers, pathlib.Path("answers.json"))
    pathlib.Path("exchanges.json").write_text(repr([e.body for e in hubfiles.exchanges]))
"""

# urllib3 and aiohttp know zstd through another library than httpx.
_KNOW_ZSTD = ("httpx", "httpx-async", "urllib", "http.client")


def _kinds(client: str) -> dict[str, bytes]:
    """List the paths that *client* is asked for, and the body it is to get."""
    unknown = "zstd" if client not in _KNOW_ZSTD else "gzip-of" if client.startswith("httpx") else "-"
    encodings = [name for name in ENCODERS if not name.startswith(unknown)]  # httpx stops after the first member
    bodies = [name for name in BODIES if name != "large"]
    kinds = {f"/{encoding}/json/{framing}": "json" for encoding in encodings for framing in ("length", "chunked")}
    kinds |= {f"/{encoding}/json/close": "json" for encoding in ("none", "gzip")}
    kinds |= {f"/{encoding}/{body}/length": body for encoding in ("none", "gzip") for body in bodies}
    kinds |= {f"/deflate/{body}/length": body for body in ("binary", "png", "latin-1")}
    return {path: BODIES[body] for path, body in kinds.items()}


def _offer(client: str) -> str:
    return "gzip, deflate, br, zstd" if client in _KNOW_ZSTD else "gzip, deflate, br"


CLIENTS = [name for name in SENDERS if name not in ("requests-session", "http.client-early")]


@pytest.mark.parametrize("client", CLIENTS)
def test_bodies_are_equal_live_and_replayed(downstream: Downstream, upstream: str, client: str) -> None:
    """Bytes, status, reason and kept headers reach the client in replay as live, whatever the wire did to them."""
    kinds = _kinds(client)
    _record_and_replay(downstream, upstream, client, kinds)


@pytest.mark.slow
@pytest.mark.parametrize("client", CLIENTS)
def test_a_large_body_is_equal_live_and_replayed(downstream: Downstream, upstream: str, client: str) -> None:
    """A megabyte of JSON, plain or compressed, reaches the client in replay as live."""
    paths = ("/none/large/length", "/gzip/large/chunked")
    _record_and_replay(downstream, upstream, client, dict.fromkeys(paths, BODIES["large"]))


def _record_and_replay(downstream: Downstream, upstream: str, client: str, kinds: dict[str, bytes]) -> None:
    downstream.tests(TESTS.format(client=client, offer=_offer(client), paths=list(kinds)))
    result = downstream.run(f"--hubfiles-base-url={upstream}", "--hubfiles-record=once")
    assert result.ret == 0, result.stdout.str()
    live = json.loads((downstream.path / "answers.json").read_text())
    exchanges = (downstream.path / "exchanges.json").read_text()
    for path, answer in zip(kinds, live, strict=True):
        assert answer["body"].encode("latin-1") == kinds[path], path
        assert (answer["status"], answer["reason"]) == (203, "Fine So Far"), path
        assert answer["headers"]["link"] in (
            ["<https://example.com/1>; rel=prev", "<https://example.com/3>; rel=next"],
            ["<https://example.com/1>; rel=prev, <https://example.com/3>; rel=next"],
        ), path
    result = downstream.run()
    assert result.ret == 0, result.stdout.str()
    replayed = json.loads((downstream.path / "answers.json").read_text())
    for path, before, after in zip(kinds, live, replayed, strict=True):
        assert after == before, path
    assert (downstream.path / "exchanges.json").read_text() == exchanges
    stored = cassettes.read(downstream.cassette("test_bodies", version="v3"))
    assert {i.path: i.response_body for i in stored} == kinds
    assert all(name.lower() != "content-encoding" for i in stored for name in i.response_headers)


@pytest.mark.parametrize("client", CLIENTS)
def test_json_is_plain_text_in_the_file(downstream: Downstream, upstream: str, client: str) -> None:
    """A JSON body stands in the cassette as it is, in a block: not escaped, not in base64, not compressed."""
    paths = [path for path, body in _kinds(client).items() if body == JSON]
    downstream.tests(TESTS.format(client=client, offer=_offer(client), paths=paths))
    result = downstream.run(f"--hubfiles-base-url={upstream}", "--hubfiles-record=once")
    assert result.ret == 0, result.stdout.str()
    lines = downstream.cassette("test_bodies", version="v3").read_text(encoding="utf-8").splitlines()
    before = [lines[n - 1].strip() for n, line in enumerate(lines) if line.strip() == JSON.decode()]
    assert before == ["string: |-"] * len(paths)
    text = "\n".join(lines).lower()
    assert "binary" not in text
    assert "content-encoding" not in text


# --- decoding alone ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("body", ["json", "binary", "large"])
def test_an_encoding_is_undone(encoding: str, body: str) -> None:
    """Each encoding is undone, and a body that a client had decoded before stays as it is."""
    name = encoding.split("-", maxsplit=1)[0]
    assert decode_body(ENCODERS[encoding](BODIES[body]), "" if name == "none" else name) == (BODIES[body], False)
    assert decode_body(BODIES[body], name if name != "none" else "") == (BODIES[body], False)


def test_several_encodings_are_undone_from_the_last() -> None:
    """``deflate, gzip`` is gzip around deflate."""
    assert decode_body(gzip.compress(zlib.compress(JSON)), "deflate, GZip") == (JSON, False)


def test_no_decoded_text_is_taken_for_raw_deflate() -> None:
    """A text that begins like a raw deflate stream is no such stream: nothing of it is lost."""
    text = b'{"UB": "B4\\u000b& u?]m", "status": "COMPLETE"}'
    assert zlib.decompress(text, -zlib.MAX_WBITS) != text  # this one would do
    assert decode_body(text, "deflate") == (text, False)


@pytest.mark.parametrize("encoding", ["gzip", "aws-chunked"])
def test_what_cannot_be_decoded_keeps_its_encoding(encoding: str) -> None:
    """A cut or unknown encoding is left for the client to see, as it did live."""
    body = gzip.compress(BODIES["binary"])[:-9]
    interaction = Interaction(
        "GET", "https://api.hubapi.com/", {}, b"", 200, "OK", {"Content-Encoding": (encoding,)}, body
    )
    assert interaction.plain() == interaction


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_not_unpacked(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than the limit is left packed."""
    monkeypatch.setattr("pytest_hubfiles.model.body._LARGEST_BODY", 1000)
    bomb = ENCODERS[encoding](bytes(10**7))
    assert decode_body(bomb, encoding)[0] == bomb


@pytest.mark.parametrize(
    ("encoding", "body", "length", "garbled"),
    [
        ("gzip", JSON, len(JSON), True),
        ("gzip", gzip.compress(JSON)[:-9], len(gzip.compress(JSON)) - 9, True),
        ("zstd", JSON, len(JSON), True),
        ("gzip", gzip.compress(JSON), len(gzip.compress(JSON)), False),
        ("gzip", JSON, len(gzip.compress(JSON)), False),  # decoded by the client already
        ("", JSON, len(JSON), False),
        ("aes", JSON, len(JSON), False),
        ("gzip", b"", 0, False),  # as an answer to HEAD
        ("gzip", AS_LONG, len(AS_LONG), False),
        ("gzip", gzip.compress(AS_LONG)[:-9], len(gzip.compress(AS_LONG)) - 9, True),
        ("gzip", JSON * 20, len(JSON) * 20, True),
    ],
    ids=["no gzip", "cut", "no zstd", "gzip", "decoded", "plain", "unknown", "empty", "as long", "short cut", "long"],
)
def test_a_body_that_is_not_encoded_as_it_says(encoding: str, body: bytes, length: int, garbled: bool) -> None:
    """A body that is what was sent, to the byte, and not what its header says, is garbled: no answer."""
    headers = {"Content-Encoding": (encoding,), "Content-Length": (str(length),)}
    answer = Interaction("GET", "https://api.hubapi.com/x", {}, b"", 200, "OK", headers, body)
    assert answer.is_garbled is garbled


@pytest.mark.parametrize("level", [1, 6, 9])
def test_a_body_that_its_client_has_decoded_is_none_of_these(level: int) -> None:
    """Somewhere between these lengths an answer is as long as its gzip: a client that decodes it has recorded it."""
    link = "https://api.hubapi.com/files/v3/folders/update/async/tasks/AAAAEZ6whGI/status"
    for length in range(60, 220):
        body = json.dumps({"links": {"status": link}, "id": "0123456789" * 14})[:length].encode()
        headers = {"Content-Encoding": ("gzip",), "Content-Length": (str(len(gzip.compress(body, level))),)}
        assert not Interaction("GET", link, {}, b"", 200, "OK", headers, body).is_garbled


@pytest.mark.parametrize(
    ("given", "text"),
    [("d\udce8s", "d\xe8s"), ("caf\u00e9", "caf\u00e9"), (b"d\xe8s", "d\xe8s"), ("plain", "plain"), (7, "7")],
    ids=["halves", "text", "bytes", "plain", "number"],
)
def test_what_a_file_can_hold_of_a_header(given: object, text: str) -> None:
    """A header beyond ASCII, which aiohttp reads as halves of characters, becomes text that a cassette can hold."""
    assert text_of(given) == text
