"""R9: a credential that stands in a cassette, whoever wrote it, is found; what only resembles one is not."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from helpers.looking import secrets_in

from faults.canaries import PLACEMENTS, Planted, data_center_key, jwt, oauth, personal_key, plant, private_app, uuid
from faults.ledger import Outcome
from pytest_hubfiles import cassettes

# Lines as they stand in messages, logs and notes, with no name that gives them away.
LINES = (
    ("private app", private_app, "{}"),
    ("private app, quoted", private_app, "'{}'"),
    ("private app, in a sentence", private_app, "use {}, not the other"),
    ("private app, joined", private_app, "x:{}:y"),
    ("private app, base64", private_app, "{b64}"),
    ("private app, base64 with a prefix", private_app, "{b64user}"),
    ("private app, percent", private_app, "{percent}"),
    ("private app, hex", private_app, "{hex}"),
    ("refresh token", data_center_key, "{}"),
    ("refresh token, base64", data_center_key, "{b64}"),
    ("developer key", data_center_key, "https://api.hubapi.com/x?hapikey={}"),
    ("old developer key", uuid, "https://api.hubapi.com/x?hapikey={}"),
    ("access token", oauth, "{}"),
    ("personal access key", personal_key, "{}"),
    ("JSON Web Token", jwt, "{}"),
)


def lines(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Yield each line with a token in it."""
    for name, kind, line in LINES:
        token = kind(rng)
        marks = {
            "b64": base64.b64encode(token.encode()).decode(),
            "b64user": base64.b64encode(f"me:{token}".encode()).decode(),
            "percent": "".join(f"%{byte:02x}" for byte in token.encode()),
            "hex": token.encode().hex(),
        }
        yield name, line.format(token, **marks)


def as_vcrpy_writes(
    folder: Path, body: str | bytes, *, url: str = "", asked: dict[str, Any] | None = None, **answer: Any
) -> Path:
    """Write a cassette as plain vcrpy does, by its own serializer's means."""
    asked = asked or {}
    document = {
        "version": 1,
        "interactions": [
            {
                "request": {
                    "method": asked.get("method", "GET"),
                    "uri": url or "https://api.hubapi.com/files/v3/files",
                    "body": asked.get("body") or None,
                    "headers": {name: [value] for name, value in asked.get("headers", {}).items()},
                },
                "response": {
                    "status": {"code": answer.get("status", 200), "message": "OK"},
                    "headers": {name: [value] for name, value in answer.get("headers", {}).items()},
                    "body": {"string": body},
                },
            }
        ],
    }
    path = folder / "foreign.yaml"
    path.write_text(yaml.dump(document), encoding="utf-8")
    return path


def _of(one: Planted, folder: Path) -> Path:
    asked = one.request()
    sent = str(asked["body"]).encode("latin-1")
    method, path, headers = str(asked["method"]), str(asked["path"]), asked["headers"]
    assert isinstance(headers, dict)
    about, content = one.answer(method, path, headers, sent)
    return as_vcrpy_writes(
        folder,
        content,
        url=f"https://api.hubapi.com{path}",
        asked={**asked, "body": sent},
        status=one.placement.status,
        headers=about,
    )


def clean(rng: random.Random) -> tuple[bytes, dict[str, Any]]:
    """Make an answer that is full of what resembles a credential and is none."""
    blob = rng.randbytes(rng.randrange(6, 48))
    body = {
        "status": rng.choice(["PENDING", "COMPLETE", "error"]),
        "correlationId": uuid(rng),
        "taskId": base64.urlsafe_b64encode(rng.randbytes(8)).decode().rstrip("="),
        "id": str(rng.randrange(10**9, 10**12)),
        "fileMd5": hashlib.md5(blob).hexdigest(),
        "sha256": hashlib.sha256(blob).hexdigest(),
        "etag": base64.b64encode(hashlib.sha1(blob).digest()).decode(),
        "blob": base64.b64encode(rng.randbytes(rng.randrange(30, 300))).decode(),
        "name": f"img{rng.randrange(9)}-{uuid(rng)}.png",
        "path": f"/library/na1-{rng.randrange(100)}/photo@2x.png",
        "url": f"https://{rng.randrange(10**5)}.fs1.hubspotusercontent-na1.net/hubfs/{rng.randrange(10**5)}/a-{uuid(rng)}.png",
        "message": rng.choice(
            [
                "The bearer authentication scheme is used",
                "Authentication credentials not found",
                "expired 3 second(s) ago",
            ]
        ),
        "next": {"after": base64.urlsafe_b64encode(rng.randbytes(24)).decode(), "link": "?after=NTI1&limit=10"},
        "createdAt": f"2026-10-{rng.randrange(10, 29)}T09:14:02.{rng.randrange(100, 999)}Z",
        "portalId": rng.randrange(10**8),
        "tokensLeft": rng.randrange(10**6),
        "nextPageToken": base64.b64encode(rng.randbytes(18)).decode(),
        "owner": f"someone{rng.randrange(100)}@example.org",
    }
    headers = {
        "Content-Type": "application/json",
        "CF-Ray": f"{rng.randbytes(8).hex()}-AMS",
        "Set-Cookie": f"__cf_bm={base64.b64encode(rng.randbytes(40)).decode()}; path=/; HttpOnly",
        "X-HubSpot-Correlation-Id": uuid(rng),
        "Report-To": '{"endpoints":[{"url":"https:\\/\\/a.nel.cloudflare.com\\/report\\/v4?s='
        + base64.b64encode(rng.randbytes(60)).decode()
        + '"}]}',
        "ETag": f'W/"{rng.randbytes(16).hex()}"',
    }
    content = json.dumps(body, indent=rng.choice([None, 2])).encode()
    if rng.random() < 0.3:
        return gzip.compress(content), {**headers, "Content-Encoding": "gzip"}
    return content, headers


def _alarms(path: Path) -> list[str]:
    return [place for interaction in cassettes.read(path) for place in secrets_in(interaction)]


def run(bounded: bool) -> Outcome:
    """Hold the scan against credentials in every place, and against cassettes that have none."""
    rng = random.Random(9)
    failures: list[str] = []
    raw = cases = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for round_number in range(1 if bounded else 20):
            for one in plant(90 + round_number, PLACEMENTS):
                cases += 1
                path = _of(one, folder)
                raw += one.canary.encode() in path.read_bytes()
                places = _alarms(path)
                if not places:
                    failures.append(f"{one.placement.name}: not found")
                failures += [f"{one.placement.name}: reported by its value" for place in places if one.canary in place]
            for line_name, line in lines(rng):
                cases += 1
                if not _alarms(as_vcrpy_writes(folder, json.dumps({"note": line}).encode())):
                    failures.append(f"line, {line_name}: not found")
                if not _alarms(as_vcrpy_writes(folder, line.encode())):
                    failures.append(f"line as text, {line_name}: not found")
        for _ in range(40 if bounded else 2_000):
            cases += 1
            content, headers = clean(rng)
            asked = {"headers": {"Accept": "application/json", "User-Agent": f"hubspot/{uuid(rng)}"}}
            url = f"https://api.hubapi.com/files/v3/files/{rng.randrange(10**12)}?portalId={rng.randrange(10**8)}"
            places = _alarms(as_vcrpy_writes(folder, content, url=url, asked=asked, headers=headers))
            failures += [f"false alarm: {place}" for place in places]
        own = cassettes.find(Path(__file__).parents[2] / "cassettes")
        failures += [f"false alarm: {path.name}, {place}" for path in own for place in _alarms(path)]
    return Outcome(
        promise="R9",
        title="a credential in a cassette on disk is found, and nothing else",
        injected=cases,
        cost="missed or false",
        control=raw < len(PLACEMENTS) * (1 if bounded else 20),  # a search of the raw bytes misses some
        failures=tuple(failures),
    )
