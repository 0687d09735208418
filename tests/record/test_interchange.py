"""Cassettes go both ways between this plugin, plain vcrpy and pytest-recording."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import aiohttp
import pytest
import vcr
import yaml
from helpers.careful import CAREFUL
from helpers.downstream import Downstream
from helpers.http_clients import IMPORT, IMPORTERS, SENDERS, START, STATES, TOKEN, watched_sockets

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN

ORIGIN = CANONICAL_ORIGIN

RECORDED = """
import pathlib
import pytest
from helpers import http_clients

@pytest.mark.hubfiles(version="v3", cassette="import")
def test_import(hubfiles):
    answers = http_clients.IMPORTERS[{client!r}](hubfiles.base_url)
    http_clients.save(answers, pathlib.Path("answers.json"))
    assert [answer.json["status"] for answer in answers[1:]] == http_clients.STATES
"""


def _record(downstream: Downstream, client: str = "requests") -> Path:
    downstream.tests(RECORDED.format(client=client))
    downstream.record()
    return downstream.path / "cassettes/v3/import.yaml"


def _replay(downstream: Downstream, client: str, judged: int = 4) -> list[dict[str, object]]:
    """Replay the cassette with the sandbox closed, under its address; return what reached the client."""
    downstream.tests(RECORDED.format(client=client))
    with watched_sockets() as seen:
        result = downstream.run_live(f"--hubfiles-min-judged={judged}", "--hubfiles-fail-on=warning", "test_files.py")
    assert result.ret == 0, result.stdout.str()
    assert seen == []
    answers: list[dict[str, object]] = json.loads((downstream.path / "answers.json").read_text())
    return answers


# --- ours, replayed by others ------------------------------------------------------------------------------

_ALONE = [name for name in IMPORTERS if name != "http.client-early"]  # vcrpy itself misses it


@pytest.mark.parametrize("match_on", [None, ["method", "uri", "body"]], ids=["as-it-comes", "body"])
@pytest.mark.parametrize("client", _ALONE)
def test_vcrpy_replays_our_cassette(downstream: Downstream, client: str, match_on: list[str] | None) -> None:
    """Plain vcrpy, with its own matching, answers every client from a cassette of ours."""
    cassette = _record(downstream, client)
    downstream.sandbox.close()
    recorded = json.loads((downstream.path / "answers.json").read_text())
    matching = {} if match_on is None else {"match_on": match_on}
    replayer = vcr.VCR(record_mode="none", **matching)
    with watched_sockets() as seen, replayer.use_cassette(cassette, allow_playback_repeats=False) as playing:
        answers = IMPORTERS[client](ORIGIN)
        assert playing.all_played
    assert seen == []
    assert [answer.status for answer in answers] == [202, 200, 200, 200]
    assert [answer.body.decode("latin-1") for answer in answers[1:]] == [answer["body"] for answer in recorded[1:]]


def test_our_cassettes_have_nothing_that_others_do_not_know(downstream: Downstream) -> None:
    """A cassette has the two keys of vcrpy's format, and plain data that a safe loader reads."""
    document = yaml.safe_load(_record(downstream).read_text(encoding="utf-8"))
    assert sorted(document) == ["interactions", "version"]
    assert document["version"] == 1
    for interaction in document["interactions"]:
        assert sorted(interaction) == ["request", "response"]
        assert sorted(interaction["request"]) == ["body", "headers", "method", "uri"]
        assert sorted(interaction["response"]) == ["body", "headers", "status"]
        assert isinstance(interaction["response"]["body"]["string"], str)


BY_PYTEST_RECORDING = """
import json
import pytest
from helpers import http_clients

@pytest.fixture(scope="module")
def vcr_config():
    return {"match_on": ["method", "uri", "body"]}

@pytest.mark.vcr
@pytest.mark.default_cassette("import.yaml")
def test_import():
    answers = http_clients.IMPORTERS["requests"](ORIGIN)
    http_clients.save(answers, __import__("pathlib").Path("theirs.json"))
"""


def _run_both(downstream: Downstream, *arguments: str) -> pytest.RunResult:
    """Run pytest in a process of its own with this plugin and pytest-recording."""
    downstream.pytester.makeconftest(
        f"import sys\nsys.path[:0] = {[str(Path(__file__).parents[n]) for n in (0, 1)]!r}\n"
    )
    return downstream.pytester.runpytest_subprocess(
        "-p", "recording", "-p", "no:cacheprovider", "-W", "error", *arguments
    )


@pytest.mark.slow
def test_pytest_recording_replays_our_cassette(downstream: Downstream) -> None:
    """pytest-recording, its network blocked, answers a test from a cassette of ours, this plugin loaded as well."""
    cassette = _record(downstream)
    downstream.sandbox.close()
    folder = downstream.path / "cassettes" / "test_theirs"
    folder.mkdir()
    (folder / "import.yaml").write_bytes(cassette.read_bytes())
    (downstream.path / "test_theirs.py").write_text(f"ORIGIN = {ORIGIN!r}\n" + BY_PYTEST_RECORDING)
    result = _run_both(downstream, "--record-mode=none", "--block-network", "test_theirs.py", "test_files.py")
    result.assert_outcomes(passed=2)
    ours, theirs = ((downstream.path / name).read_text() for name in ("answers.json", "theirs.json"))
    assert ours == theirs


# --- theirs, replayed by us --------------------------------------------------------------------------------

_REPLAYING = ["requests", "httpx", "aiohttp", "http.client"]


@pytest.mark.parametrize("decoded", [False, True], ids=["as-on-the-wire", "decoded"])
@pytest.mark.parametrize("client", _ALONE)
def test_we_replay_what_vcrpy_recorded(downstream: Downstream, client: str, decoded: bool) -> None:
    """A cassette that vcrpy recorded elsewhere, compressed or not, reaches all clients and is judged."""
    cassette = downstream.path / "cassettes/v3/import.yaml"
    recorder = vcr.VCR(decode_compressed_response=decoded, **CAREFUL)
    with recorder.use_cassette(cassette):
        live = [answer.to_dict() for answer in IMPORTERS[client](downstream.sandbox.url)]
    text = cassette.read_text()
    assert text.count(f"uri: {downstream.sandbox.url}/") >= 4
    assert ("!!binary" in text) is (client.startswith("httpx") and not decoded)  # others were handed it decoded
    downstream.sandbox.close()
    for replaying in _REPLAYING:
        answers = _replay(downstream, replaying)
        assert [answer["body"] for answer in answers[1:]] == [answer["body"] for answer in live[1:]], replaying
        assert [(answer["status"], answer["reason"]) for answer in answers] == [
            (answer["status"], answer["reason"]) for answer in live
        ]
    assert cassette.read_text() == text


def test_we_replay_what_vcrpy_recorded_of_aiohttps_json(downstream: Downstream) -> None:
    """Vcrpy stores aiohttp's ``json=`` as the mapping it was given; it matches the text that clients send."""
    cassette = downstream.path / "cassettes/v3/import.yaml"

    async def record() -> None:
        async with aiohttp.ClientSession(
            downstream.sandbox.url, headers={"Authorization": f"Bearer {TOKEN}"}
        ) as session:
            async with session.post(START, json=IMPORT) as answer:
                task = (await answer.json())["id"]
            for _ in STATES:
                async with session.get(f"{START}/tasks/{task}/status") as answer:
                    await answer.json()

    with vcr.VCR(**CAREFUL).use_cassette(cassette):
        asyncio.run(record())
    assert yaml.safe_load(cassette.read_text())["interactions"][0]["request"]["body"] == IMPORT
    downstream.sandbox.close()
    for replaying in _REPLAYING:
        _replay(downstream, replaying)


@pytest.mark.parametrize("client", [name for name in SENDERS if name != "http.client-early"])
@pytest.mark.parametrize("kind", ["compressed", "binary", "decoded-with-header"])
def test_bodies_that_others_stored_reach_every_client(downstream: Downstream, client: str, kind: str) -> None:
    """Compressed bytes, bytes that are no text, and a text whose header still says gzip are what they decode to."""
    plain = bytes(range(256)) if kind == "binary" else b'{"name":"caf\xc3\xa9"}'
    stored = gzip.compress(plain) if kind == "compressed" else plain
    document = {
        "version": 1,
        "interactions": [
            {
                "request": {"method": "GET", "uri": "http://files.test:8080/a?x=1", "body": None, "headers": {}},
                "response": {
                    "status": {"code": 200, "message": "OK"},
                    "headers": {
                        "content-encoding": ["gzip"],
                        "Content-Length": ["44"],
                        "Transfer-Encoding": ["chunked"],
                    },
                    "body": {"string": stored if kind != "decoded-with-header" else stored.decode()},
                },
            }
        ],
    }
    if kind == "compressed":  # where the length is that of what is stored, as on the wire
        document["interactions"][0]["response"]["headers"]["Content-Length"] = [str(len(stored))]
    cassette = downstream.path / "cassettes/v3/a.yaml"
    cassette.parent.mkdir(parents=True)
    cassette.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    assert ("!!binary" in cassette.read_text(encoding="utf-8")) is (kind != "decoded-with-header")
    downstream.tests(
        f"""
from helpers import http_clients

@pytest.mark.hubfiles(version="v3", cassette="a")
def test_body(hubfiles):
    answer = http_clients.SENDERS[{client!r}]("GET", hubfiles.base_url + "/a?x=1", {{}}, None)
    assert answer.body == {plain!r}
    assert [exchange.body for exchange in hubfiles.exchanges] == [{plain!r}]
"""
    )
    result = downstream.run("--hubfiles-base-url=http://files.test:8080")
    assert result.ret == 0, result.stdout.str()


RECORDED_BY_THEM = """
import pytest
from helpers import http_clients

@pytest.fixture(scope="module")
def vcr_config():
    from helpers.careful import CAREFUL
    return CAREFUL

@pytest.fixture(scope="module")
def vcr_cassette_dir():
    return "cassettes/v3"

@pytest.mark.vcr
@pytest.mark.default_cassette("import")
def test_import():
    http_clients.IMPORTERS["httpx"](ORIGIN)
"""


@pytest.mark.slow
def test_we_replay_what_pytest_recording_recorded(downstream: Downstream) -> None:
    """A suite that moves from pytest-recording takes its cassettes along."""
    theirs = downstream.path / "test_theirs.py"
    theirs.write_text(f"ORIGIN = {downstream.sandbox.url!r}\n" + RECORDED_BY_THEM)
    result = _run_both(downstream, "--record-mode=once", "test_theirs.py")
    result.assert_outcomes(passed=1)
    assert len(cassettes.read(downstream.path / "cassettes/v3/import.yaml")) == 4
    downstream.sandbox.close()
    for replaying in _REPLAYING:
        _replay(downstream, replaying)


def test_a_token_in_a_foreign_cassette_is_found(downstream: Downstream) -> None:
    """Vcrpy stores what is sent; replaying that with us fails and says where the token stands."""
    with vcr.use_cassette(downstream.path / "cassettes/v3/import.yaml"):
        IMPORTERS["requests"](downstream.sandbox.url)
    downstream.tests(RECORDED.format(client="requests"))
    result = downstream.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*secret-in-cassette*request header Authorization*"])
    assert TOKEN not in result.stdout.str()
