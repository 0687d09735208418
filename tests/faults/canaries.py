"""Credentials that are none, in every place where one can stand, and a search for them in whatever a run leaves."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import brotli
import zstandard

_HEX = "0123456789abcdef"
_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"


def _hex(rng: random.Random, *lengths: int) -> str:
    return "-".join("".join(rng.choices(_HEX, k=length)) for length in lengths)


def uuid(rng: random.Random) -> str:
    return _hex(rng, 8, 4, 4, 4, 12)


def private_app(rng: random.Random) -> str:
    return f"pat-{rng.choice(['na1', 'na2', 'eu1', 'ap1'])}-{uuid(rng)}"


def data_center_key(rng: random.Random) -> str:
    """A refresh token or a developer key of today: na1- and five groups."""
    return f"{rng.choice(['na1', 'eu1'])}-{_hex(rng, 4, 4, 4, 4, 12)}"


def oauth(rng: random.Random) -> str:
    """An access token: a protocol buffer that begins with the time at which it expires."""
    expires, varint = 1_700_000_000_000 + rng.randrange(10**11), bytearray()
    while expires > 0x7F:
        varint.append(expires & 0x7F | 0x80)
        expires >>= 7
    buffer = bytes([0x08, *varint, expires, 0x12, 0x02, 0x01, 0x01, 0x18]) + rng.randbytes(rng.randrange(38, 60))
    return base64.urlsafe_b64encode(buffer).decode().rstrip("=")


def personal_key(rng: random.Random) -> str:
    """A personal access key of HubSpot's command line: base64 around a key."""
    buffer = b"\x0a\x24" + data_center_key(rng).encode() + b"\x10" + rng.randbytes(40)
    return base64.urlsafe_b64encode(buffer).decode().rstrip("=")


def jwt(rng: random.Random) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "RS256"}, {"sub": rng.randrange(10**9), "aud": uuid(rng)}))
    signed = [*parts, rng.randbytes(32)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in signed)


def opaque(rng: random.Random) -> str:
    return "".join(rng.choices(_LETTERS, k=20)) + "".join(rng.choices(_LETTERS + "0123456789", k=18)) + "7"


def awkward(rng: random.Random) -> str:
    """A password as people make them."""
    return f'{opaque(rng)[:12]}+/&%"\\{opaque(rng)[:9]}é{rng.randrange(10**6)}'


@dataclass(frozen=True)
class Placement:
    """Where one canary stands: in a request, in its answer, or in both.

    In its texts ``<c>`` is the canary, ``<q>`` and ``<Q>`` it percent-encoded once and twice, ``<j>`` as JSON escapes
    it, ``<J>`` so twice, ``<u>`` with an escape for its first letter, ``<64>`` in base64, ``<basic>`` as a password in
    base64, ``<hex>`` in hex. ``echo`` answers with the request; ``coding`` compresses the answer or names its charset.
    """

    name: str
    kind: Callable[[random.Random], str]
    path: str = "/files/v3/files"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    content_type: str = "application/json"
    status: int = 200
    answer: str = '{"status": "COMPLETE", "id": "122692044085"}'
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer_type: str = "application/json"
    coding: str = ""
    request_coding: str = ""
    echo: bool = False


def _header(name: str, value: str, kind: Callable[[random.Random], str]) -> Placement:
    return Placement(f"header {name}", kind, headers={name: value}, echo=True)


def _query(name: str, kind: Callable[[random.Random], str], value: str = "<q>") -> Placement:
    return Placement(f"query {name} {value}", kind, f"/files/v3/files?limit=1&{name}={value}&after=2", echo=True)


def _form(name: str, kind: Callable[[random.Random], str], value: str = "<q>") -> Placement:
    body = f"grant_type=x&{name}={value}&client_id=4711"
    return Placement(f"form {name}", kind, "/oauth/v1/token", {}, body, "application/x-www-form-urlencoded", echo=True)


def _json(name: str, body: str, kind: Callable[[random.Random], str]) -> Placement:
    return Placement(f"JSON {name}", kind, body=body, echo=True)


def _answer(name: str, body: str, kind: Callable[[random.Random], str], **more: str) -> Placement:
    return Placement(f"answer {name}", kind, answer=body, **more)  # type: ignore[arg-type]


_MULTIPART = (
    '--b0und\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n--b0und\r\n'
    'Content-Disposition: form-data; name="rest"\r\n\r\nkept\r\n--b0und--\r\n'
)


def _multipart(name: str, field: str, content: str, kind: Callable[[random.Random], str], more: str = "") -> Placement:
    body = _MULTIPART.format(field, more, content)
    return Placement(
        f"multipart {name}", kind, "/files/v3/files", {}, body, "multipart/form-data; boundary=b0und", echo=True
    )


SIGNED = "https://cdn.example.com/a.png?Expires=1&Signature=<q>&Key-Pair-Id=K"
PLACEMENTS: tuple[Placement, ...] = (
    _header("Authorization", "Bearer <c>", private_app),
    _header("Authorization", "Bearer <c>", oauth),
    _header("authorization", "<c>", opaque),
    _header("Authorization", "Basic <basic>", opaque),
    _header("Cookie", "lang=en; session=<c>", opaque),
    _header("X-Api-Key", "<c>", opaque),
    _header("hapikey", "<c>", uuid),
    _header("X-HubSpot-Signature-v3", "<64>", opaque),
    _header("Proxy-Authorization", "Bearer <c>", jwt),
    _header("X-Access-Token", "<c>", data_center_key),
    _query("hapikey", uuid),
    _query("hapikey", data_center_key),
    _query("access_token", oauth),
    _query("accessToken", opaque),
    _query("refresh_token", data_center_key),
    _query("client_secret", uuid),
    _query("code", uuid),
    _query("Signature", opaque),
    _query("X-Amz-Security-Token", opaque),
    _query("webhook_token", opaque),
    _query("to", opaque, quote("https://x.example/f?a=1&token=") + "<Q>"),
    _query("q", private_app),
    _query("q", private_app, "%22<q>%22"),
    Placement("path refresh token", uuid, "/oauth/v1/refresh-tokens/<c>", echo=True),
    Placement("path access token", oauth, "/oauth/v1/access-tokens/<c>", echo=True),
    Placement("path access token of any form", opaque, "/oauth/v3/access_tokens/<c>?x=1", echo=True),
    Placement("path any", private_app, "/settings/<q>/x", echo=True),
    _form("client_secret", uuid),
    _form("refresh_token", data_center_key),
    _form("code", opaque),
    _form("password", awkward),
    _form("to", opaque, quote("https://x.example/f?a=1&sig=", safe="") + "<Q>"),
    _json("access_token", '{"access_token": "<j>"}', oauth),
    _json("clientSecret, deep", '{"a": [{"b": [1, {"clientSecret": "<j>", "c": 1e2}]}]}', uuid),
    _json("api_key, escaped", '{"api_key" : "<u>"}', opaque),
    _json("password", '{"password": "<j>"}', awkward),
    _json("in JSON", '{"payload": "{\\"refreshToken\\": \\"<J>\\"}"}', opaque),
    _json("signed URL", f'{{"url": "{SIGNED}"}}', opaque),
    _json("signed URL, escaped", '{"url": "https:\\/\\/x.example\\/a?b=1\\u0026sig\\u003d<q>"}', opaque),
    _json("key", '{"<c>": [1]}', private_app),
    _json("message", '{"message": "the token <c> has expired"}', data_center_key),
    _json("bearer", '{"message": "sent Bearer <c> to you"}', opaque),
    _json("base64", '{"note": "<64>"}', private_app),
    _json("hex", '{"note": "<hex>"}', private_app),
    _json("percent", '{"note": "a%20<Q>%20b"}', private_app),
    _json("user info", '{"proxy": "http://me:<c>@proxy.example:8080/"}', opaque),
    _json("personal access key", '{"note": "<c>"}', personal_key),
    _multipart("field", "client_secret", "<c>", opaque),
    _multipart("JSON", "options", '{"access": "PRIVATE", "accessToken": "<j>"}', opaque),
    _multipart("file", "file", "curl -H 'Authorization: Bearer <c>'", opaque, '; filename="a.sh"'),
    Placement("request gzip", opaque, body='{"token": "<j>"}', request_coding="gzip", echo=True),
    Placement("answer Set-Cookie", opaque, answer_headers={"Set-Cookie": "hubspotutk=<c>; Path=/; HttpOnly"}),
    Placement("answer Location, signed", opaque, status=201, answer_headers={"Location": SIGNED}),
    Placement("answer Location, path", opaque, status=201, answer_headers={"Location": "/oauth/v1/access-tokens/<c>"}),
    Placement("answer Link", opaque, answer_headers={"Link": "<https://x.example/f?token=<q>>; rel=next"}),
    Placement("answer X-Trace", private_app, answer_headers={"X-Trace": "<c>"}),
    _answer("access_token", '{"access_token": "<c>", "token_type": "bearer", "expires_in": 1800}', oauth),
    _answer("refresh_token", '{"refresh_token": "<c>"}', data_center_key),
    _answer("id_token", '{"id_token": "<c>", "message": "<c>"}', jwt),
    _answer("reported twice", '{"message": "<c> is new", "apiKey": "<c>"}', opaque),
    _answer("gzip", '{"token": "<j>"}', opaque, coding="gzip"),
    _answer("deflate", '{"token": "<j>"}', opaque, coding="deflate"),
    _answer("br", '{"token": "<j>"}', opaque, coding="br"),
    _answer("zstd", '{"token": "<j>"}', opaque, coding="zstd"),
    _answer("utf-16", '{"token": "<j>"}', opaque, coding="utf-16"),
    _answer("latin-1", '{"token": "<c>", "näme": "ä"}', opaque, coding="latin-1"),
    _answer("text, pair", "refused: refresh_token=<c> is unknown", opaque, answer_type="text/plain"),
    _answer("text, header", "X-Api-Key: <c>\r\nAccept: any\r\n", opaque, answer_type="text/plain"),
    _answer("form", "access_token=<q>&expires_in=6", opaque, answer_type="application/x-www-form-urlencoded"),
    _answer("cut", '{"a": 1, "access_token": "<c>', opaque),
    _answer("lines", '{"token": "x"}\n{"token": "<c>"}\n', opaque, answer_type="application/x-ndjson"),
    _answer("gzip, unsaid", '{"token": "<j>"}', opaque, coding="gzip, unsaid", answer_type="application/gzip"),
    _header("Authorization", 'Token token="<c>"', opaque),
    _header("Authorization", 'OAuth realm="r", oauth_token="<c>", oauth_version="1.0"', opaque),
    _header("Authorization", 'Digest username="me", realm="r", uri="/a", response="<c>"', opaque),
    _header("Authorization", "AWS4-HMAC-SHA256 Credential=AK/20261005/us-east-1/s3, Signature=<c>", opaque),
    _header("Authorization", "ApiKey <c>", opaque),
    _header("X-Custom-Key", "<c>", opaque),
    _header("private-app", "<c>", opaque),
    _query("auth", opaque),
    _query("sessionId", uuid),
    _json("accessTokenV2", '{"accessTokenV2": "<j>", "passwordHash": "<j>"}', opaque),
    _json("array", '{"tokens": ["<j>"], "apiKeys": [["<j>"]]}', opaque),
    _json("name and value", '{"headers": [{"name": "api_key", "value": "<j>"}]}', opaque),
    _json("value and name", '{"value": "<j>", "name": "X-Api-Key"}', opaque),
    _json("object", '{"credentials": {"a": {"b": "<j>"}}, "token": {"value": "<j>"}}', opaque),
    _json("in a message", '{"message": "Invalid JSON: {\\"refresh_token\\": \\"<c>\\"}"}', opaque),
    _answer("event stream", 'event: a\ndata: {"access_token": "<c>"}\n\n', opaque, answer_type="text/event-stream"),
    _answer("XML", "<r><n>1</n><access_token><c></access_token></r>", opaque, answer_type="application/xml"),
    _answer("XML, CDATA", "<r><password><![CDATA[<c>]]></password></r>", opaque, answer_type="application/xml"),
    _answer("XML, attribute", '<r><add name="ApiKey" value="<c>"/></r>', opaque, answer_type="application/xml"),
    _answer("CSV", "id,access_token\r\n1,<c>\r\n", opaque, answer_type="text/csv"),
    _answer("YAML", "a: 1\ntokens:\n  - <c>\n", opaque, answer_type="application/yaml"),
    _answer("JSONP", 'callback({"sessionId": "<c>"});', opaque, answer_type="application/javascript"),
    _answer("utf-16, unsaid", '{"token": "<c>"}', opaque, coding="utf-16, unsaid"),
    _answer("utf-32, unsaid", "<token><c></token>", opaque, coding="utf-32, unsaid", answer_type="text/xml"),
    _answer("bytes", "\xff\xfe\x00\x01 Bearer <c> \x00\xff", opaque, answer_type="application/zip", coding="latin-1"),
)


@dataclass(frozen=True)
class Planted:
    """A canary in its place."""

    number: int
    placement: Placement
    canary: str

    def filled(self, text: str) -> str:
        """Return *text* with the canary in the place of its marks."""
        c = self.canary
        once, escaped = quote(c, safe=""), json.dumps(c)[1:-1]
        marks = {
            "<c>": c,
            "<q>": once,
            "<Q>": quote(once, safe=""),
            "<j>": escaped,
            "<J>": json.dumps(escaped)[1:-1],
            "<u>": f"\\u{ord(c[0]):04x}{c[1:]}",
            "<64>": base64.b64encode(c.encode()).decode(),
            "<basic>": base64.b64encode(f"user:{c}".encode()).decode(),
            "<hex>": c.encode().hex(),
        }
        for mark, meant in marks.items():
            text = text.replace(mark, meant)
        return text

    def request(self) -> dict[str, object]:
        """Return the request as the tests send it."""
        place = self.placement
        headers = {name: self.filled(value) for name, value in place.headers.items()}
        body = self.filled(place.body).encode()
        if body:
            headers["Content-Type"] = place.content_type
        if place.request_coding:
            headers["Content-Encoding"] = place.request_coding
            body = gzip.compress(body)
        headers |= {"X-Plan": str(self.number), "Accept": "application/json"}
        return {
            "method": "POST" if body else "GET",
            "path": self.filled(place.path),
            "headers": headers,
            "body": body.decode("latin-1"),
        }

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        """Return the headers and the body of the answer."""
        place = self.placement
        text = self.filled(place.answer)
        if place.echo:
            said = {
                "method": method,
                "url": f"http://x{path}",
                "headers": dict(headers),
                "body": body.decode("latin-1"),
            }
            text = json.dumps({"echo": said, "again": self.canary if "<c>" in str(place.headers) else ""})
        about = {name: self.filled(value) for name, value in place.answer_headers.items()}
        about["Content-Type"] = place.answer_type
        if place.coding in ("utf-16", "latin-1"):
            about["Content-Type"] += f"; charset={place.coding}"
            return about, text.encode(place.coding)
        if place.coding in ("utf-16, unsaid", "utf-32, unsaid"):
            return about, text.encode(place.coding.partition(",")[0])
        content = text.encode()
        if place.coding:
            if not place.coding.endswith("unsaid"):
                about["Content-Encoding"] = place.coding
            content = {
                "gzip": gzip.compress,
                "gzip, unsaid": gzip.compress,
                "deflate": zlib.compress,
                "br": brotli.compress,
                "zstd": zstandard.ZstdCompressor().compress,
            }[place.coding](content)
        return about, content


def plant(seed: int, placements: Iterable[Placement] = PLACEMENTS) -> list[Planted]:
    """Draw a canary for each of *placements*."""
    rng = random.Random(seed)
    return [Planted(number, place, place.kind(rng)) for number, place in enumerate(placements)]


@contextmanager
def answering(planted: Iterable[Planted]) -> Iterator[str]:
    """Serve the answers of what is *planted* on the loopback; give the address."""
    by_number = {str(one.number): one for one in planted}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            one = by_number[self.headers["X-Plan"]]
            about, content = one.answer(self.command, self.path, dict(self.headers.items()), body)
            self.send_response(one.placement.status)
            for name, value in {**about, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815  # the names http.server looks for

        def log_message(self, *args: object) -> None:
            """Keep silent."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        disable_nagle_algorithm = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


# --- searching -------------------------------------------------------------------------------------------------

_BINARY = re.compile(rb"!!binary \|\n((?: +[A-Za-z0-9+/=]+\n?)+)")


def _readings(content: bytes) -> Iterator[bytes]:
    """Yield *content* in every way it can be read."""
    yield content
    once = unquote_to_bytes(content)
    yield from (once, unquote_to_bytes(once))
    plain = re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda m: bytes.fromhex(m[1].decode()), content)
    yield plain.replace(b"\\\\", b"\\").replace(b'\\"', b'"')
    for block in _BINARY.findall(content):
        packed = re.sub(rb"[\s=]", b"", block)
        inside = base64.b64decode(packed[: len(packed) // 4 * 4] + b"====")
        yield from (inside, inside.replace(b"\0", b""))
        for undo in (gzip.decompress, zlib.decompress, brotli.decompress, zstandard.ZstdDecompressor().decompress):
            try:
                yield undo(inside)
            except Exception:  # noqa: BLE001  # it is compressed otherwise
                continue


def _written(canary: str) -> set[bytes]:
    raw = canary.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), json.dumps(canary)[1:-1].encode()}
    for offset in range(3):
        core = base64.b64encode(b"\0" * offset + raw + b"\0\0")[4 : (offset + len(raw)) // 3 * 4]
        found |= {core, core.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def leaks(planted: Iterable[Planted], contents: Mapping[str, bytes]) -> list[str]:
    """Return where a canary stands in *contents*, by name, raw or in any encoding."""
    found = []
    needles = [(one.placement.name, form) for one in planted for form in _written(one.canary)]
    for where, content in contents.items():
        readings = list(_readings(content))
        for name in dict.fromkeys(name for name, form in needles if any(form in reading for reading in readings)):
            found.append(f"{name} in {where}")
    return found


def files_under(*folders: Path) -> dict[str, bytes]:
    """Read every file under *folders*."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
