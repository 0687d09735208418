"""What vcrpy and its users' serializers store in ways of their own is read as they read it, or refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.answers import COMPLETE, CONTRACTS, DATED_IMPORT, TASK
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes import CassetteUnreadableError
from pytest_hubfiles.model.exchange import Interaction

PATH = f"https://api.hubapi.com/files/2026-03/files/import-from-url/async/tasks/{TASK}/status"
REQUEST: dict[str, Any] = {"method": "GET", "uri": PATH, "headers": {}, "body": None}
RESPONSE: dict[str, Any] = {
    "status": {"code": 200, "message": "OK"},
    "headers": {"content-type": ["application/json"]},
    "body": {"string": json.dumps(COMPLETE)},
}


def without_body(message: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key != "body"}


def written(folder: Path, request: object, response: object, suffix: str = ".yaml", **more: object) -> Path:
    document = {"interactions": [{"request": request, "response": response}], **more}
    path = folder / f"a{suffix}"
    text = json.dumps(document) if suffix == ".json" else yaml.safe_dump(document)
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, request: object = REQUEST, response: object = RESPONSE, **more: object) -> Interaction:
    (interaction,) = cassettes.read(written(folder, request, response, **{"version": 1, **more}))
    return interaction


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_parsed_bodies(suffix: str, tmp_path: Path) -> None:
    """Bodies that a serializer keeps parsed, as pydantic-ai's does, are read, of requests and of answers."""
    request = {**without_body(REQUEST), "method": "POST", "parsed_body": dict(DATED_IMPORT)}
    response = {**without_body(RESPONSE), "parsed_body": COMPLETE | {"result": None}}
    (found,) = cassettes.read(written(tmp_path, request, response, suffix, version=1))

    assert json.loads(found.request_body) == DATED_IMPORT
    assert found.json == COMPLETE | {"result": None}


@pytest.mark.parametrize("parsed", [[], {}, 0, False, "", [1, "é"], None], ids=repr)
def test_any_parsed_body(parsed: object, tmp_path: Path) -> None:
    """A parsed body is no empty one, whatever JSON it is."""
    found = read(tmp_path, response={**without_body(RESPONSE), "parsed_body": parsed})
    assert found.json == parsed
    assert not found.is_empty


@pytest.mark.parametrize("key", ["json_body", "content", "text", "body_json", "payload"])
def test_bodies_in_unknown_places(key: str, tmp_path: Path) -> None:
    """A body that lies where no known recorder puts one is refused by name, never read as empty."""
    for request, response in (
        (REQUEST, {**without_body(RESPONSE), key: "x"}),
        ({**without_body(REQUEST), key: "x"}, RESPONSE),
        (REQUEST, {**RESPONSE, "body": {key: "x"}}),
        (REQUEST, {**RESPONSE, "body": {"string": "", key: "x"}}),
    ):
        with pytest.raises(CassetteUnreadableError, match=key):
            read(tmp_path, request, response)


def test_keys_beside_a_body_are_passed_over(tmp_path: Path) -> None:
    """What stands beside a body that is there does not matter: vcrpy's stubs of tornado and aiohttp keep the URL."""
    assert read(tmp_path, response={**RESPONSE, "url": PATH, "x": 1}).json == COMPLETE
    assert read(tmp_path, response={**RESPONSE, "body": {**RESPONSE["body"], "encoding": "utf-8"}}).json == COMPLETE
    assert read(tmp_path, response={**RESPONSE, "body": {"string": "", "encoding": "utf-8"}}).is_empty


def test_binary_headers_and_texts(tmp_path: Path) -> None:
    """Headers, method, URL and reason that vcrpy stored as bytes are texts."""
    request = {"method": b"GET", "uri": PATH.encode(), "headers": {b"Accept": [b"*/*"], "Host": b"x"}, "body": None}
    headers = {b"Content-Type": [b"application/json"], "X-Name": ["é".encode(), b"\xe9"]}
    response = {**RESPONSE, "headers": headers, "status": {"code": 200, "message": b"OK"}}
    path = written(tmp_path, request, response, version=1)
    assert b"!!binary" in path.read_bytes()
    (found,) = cassettes.read(path)

    assert (found.method, found.url, found.reason, found.media_type) == ("GET", PATH, "OK", "application/json")
    assert found.request_headers == {"Accept": ("*/*",), "Host": ("x",)}
    assert found.response_headers["X-Name"] == ("é", "é")
    assert not [f for f in CONTRACTS.check(CONTRACTS.identify(found)) if f.keyword is None and f.path == "$"]


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_no_version(suffix: str, tmp_path: Path) -> None:
    """A cassette that says no version is read, as vcrpy reads it."""
    for more in ({}, {"version": None}):
        path = written(tmp_path, REQUEST, RESPONSE, suffix, **more)
        if suffix == ".yaml":
            FilesystemPersister.load_cassette(path, yamlserializer)
        (found,) = cassettes.read(path)
        assert found.json == COMPLETE


def test_no_version_in_our_own_form(tmp_path: Path) -> None:
    """So is one in the form that this package writes, with each exchange once."""
    path = written(tmp_path, REQUEST, RESPONSE, version=1)
    ours = cassettes.dump(cassettes.read(path) * 3).removesuffix(b"version: 1\n")
    path.write_bytes(ours)
    assert len(cassettes.read(path)) == 3


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_from_before_vcrpy_1(suffix: str, tmp_path: Path) -> None:
    """The list that vcrpy wrote before it had versions is refused, as vcrpy does, with what to do."""
    path = tmp_path / f"a{suffix}"
    text = json.dumps([{"request": REQUEST, "response": RESPONSE}])
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CassetteUnreadableError, match=r"vcrpy wrote before 1\.0.*record it again"):
        cassettes.read(path)


def test_old_answers_of_httpx(tmp_path: Path) -> None:
    """Answers that vcrpy once stored of httpx in a form of their own are read, as vcrpy reads them."""
    response = {"status_code": 200, "http_version": "HTTP/1.1", "headers": RESPONSE["headers"]}
    found = read(tmp_path, response={**response, "content": json.dumps(COMPLETE)})
    assert (found.status_code, found.json) == (200, COMPLETE)
    with pytest.raises(CassetteUnreadableError, match="has no 'string'"):
        read(tmp_path, response=response)


def test_binary_bodies(tmp_path: Path) -> None:
    """A body that is stored as bytes stays what it is."""
    raw = base64.b64decode("iVBORw0KGgo=")
    assert read(tmp_path, response={**RESPONSE, "body": {"string": raw}}).response_body == raw
