"""Cassettes that vcrpy wrote as JSON, and those of cassetter, YAML and TOML, are read like our own."""

from __future__ import annotations

import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import vcr
from helpers.answers import CONTRACTS, interaction
from helpers.downstream import DOCUMENTED, TASK, Downstream
from helpers.looking import secrets_in

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes import CassetteUnreadableError
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.policy import Severity
from pytest_hubfiles.sandbox import Sandbox

FOREIGN = Path(__file__).parent / "foreign"


def cassetter(body: str, folder: Path) -> Interaction:
    """Read a cassette of one interaction as cassetter stores it, with *body* as its answer's body."""
    path = folder / "one.yaml"
    path.write_text(
        "version: 1\ninteractions:\n- request:\n    method: GET\n    uri: https://api.hubapi.com/x\n    headers: {}\n"
        "    body:\n      type: none\n  response:\n    status: 200\n    headers:\n      age:\n      - 12:30:45\n"
        f"    body: {body}\n  recorded_at: 2026-10-05T09:14:02.570951+00:00\n",
        encoding="utf-8",
    )
    (interaction,) = cassettes.read(path)
    return interaction


@pytest.mark.parametrize("name", ["cassetter.yaml", "cassetter.toml"])
def test_cassetters_files_are_read_and_judged(name: str) -> None:
    """Both of cassetter's formats hold the same exchanges, which the contracts find nothing breaking in."""
    interactions = cassettes.read(FOREIGN / name)
    findings = [f for i in interactions for f in CONTRACTS.check(CONTRACTS.identify(i))]

    assert [(i.method, i.status_code, i.task_status) for i in interactions] == [
        ("GET", 200, "PENDING"), ("GET", 200, "COMPLETE"), ("POST", 202, None),
    ]  # fmt: skip
    assert json.loads(interactions[2].request_body) == DOCUMENTED
    assert interactions[1].json["result"]["createdAt"] == "2026-10-05T09:14:03.231Z"
    assert interactions[1].json["result"]["size"] == 24574
    assert interactions[0].request_body == b""
    assert interactions[0].headers["date"] == "Mon, 05 Oct 2026 09:14:02 GMT"
    assert {(f.path, f.severity) for f in findings if f.severity is not Severity.INFO} <= {
        (f"$.{time}", Severity.BREAKING) for time in ("startedAt", "completedAt")  # what waiting tasks leave out
    }  # fmt: skip


def test_the_two_formats_say_the_same() -> None:
    """What is read from cassetter's YAML is what is read from its TOML, the JSON by value."""
    both = [cassettes.read(FOREIGN / f"cassetter.{suffix}") for suffix in ("yaml", "toml")]

    for one, other in zip(*both, strict=True):
        assert (one.match_key, one.response_headers, one.json) == (other.match_key, other.response_headers, other.json)


def test_a_cassetter_file_replays(downstream: Downstream) -> None:
    """A test that uses the fixture is answered from a file of cassetter's in its cassette's place."""
    downstream.tests()
    downstream.cassette().parent.mkdir(parents=True)
    shutil.copyfile(FOREIGN / "cassetter.yaml", downstream.cassette())

    result = downstream.run("--hubfiles-min-judged=3")

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{type: none}", b""),
        ("{type: text, content: '<html>'}", b"<html>"),
        ("{type: binary, content: 89504e470a}", b"\x89PNG\n"),
        ("{type: json, content: {a: [1, null]}}", b'{"a": [1, null]}'),
        ("{type: json, content: text}", b'"text"'),
        ("{type: json, content: null}", b"null"),
        ("{type: json, content: 7}", b"7"),
    ],
)
def test_every_type_of_body(body: str, expected: bytes, tmp_path: Path) -> None:
    """A body comes back as the bytes it stands for, JSON as its text, whatever its value."""
    assert cassetter(body, tmp_path).response_body == expected


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        ("2026-10-05T09:14:02.117Z", "2026-10-05T09:14:02.117Z"),
        ("2026-10-05", "2026-10-05"),
        ("12:30:45", "12:30:45"),
        ("=", "="),
        ("<<", "<<"),
        ("yes", "yes"),
        ("1_000", "1_000"),
        ("010", "010"),
        ("1e3", "1e3"),
        ('"1"', "1"),
        ("24574", 24574),
        ("18446744073709551615", 2**64 - 1),
        ("-5", -5),
        ("1.0e-7", 1e-7),
        ("-0.5", -0.5),
        ("true", True),
        ("null", None),
    ],
)
def test_plain_scalars_are_of_jsons_types(plain: str, value: object, tmp_path: Path) -> None:
    """A plain scalar is of a type that JSON has, or a text: cassetter does not quote all that YAML 1.1 would."""
    found = cassetter(f"{{type: json, content: {{a: [{plain}]}}}}", tmp_path)

    assert found.json["a"] == [value]
    assert type(found.json["a"][0]) is type(value)
    assert found.headers["age"] == "12:30:45"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{type: json5, content: a}", "a body of type 'json5' is a str; the types are json, text, binary and none"),
        ("{type: text, content: [a]}", "a body of type 'text' is a list; the types are"),
        ("{type: binary, content: xyz}", "non-hexadecimal number found"),
        ("{type: json, content: !!binary aGk=}", "a body of type 'json' is a bytes; the types are"),
        ("hello", "a body is a str, not a mapping of type and content"),
    ],
)
def test_a_body_that_is_none(body: str, said: str, tmp_path: Path) -> None:
    """A body of no type that cassetter writes is refused with the interaction's number and what it is."""
    with pytest.raises(CassetteUnreadableError, match="interaction 1 is malformed: ") as caught:
        cassetter(body, tmp_path)
    assert said in caught.value.reason


def test_vcrpys_json_is_read(tmp_path: Path, sandbox: Sandbox) -> None:
    """What vcrpy recorded with its serializer for JSON is read exactly, characters outside the BMP too."""
    path = tmp_path / "recorded.json"
    url = f"{sandbox.url}/files/2026-03/files/import-from-url/async"
    body = json.dumps({**DOCUMENTED, "name": "\U0001f431"}, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Authorization": "Bearer any", "Content-Type": "application/json"})
    with (
        vcr.VCR(serializer="json", filter_headers=["authorization"]).use_cassette(path),
        urllib.request.urlopen(request) as answer,
    ):
        received = answer.read()

    (interaction,) = cassettes.read(path)

    assert interaction.response_body == received
    assert interaction.request_body == body
    assert CONTRACTS.identify(interaction).operation == "import-start"
    assert interaction.json["id"] == TASK


@pytest.mark.parametrize(
    ("name", "text", "said", "line"),
    [
        ("a.json", '{"version": 1,\n"interactions": [}', "it is not JSON: Expecting value: line 2", 2),
        ("a.json", '{"version": 1, "version": 1}', "it is not JSON: the key 'version' stands twice", None),
        ("a.json", "[" * 100_000, "it is not JSON: it is nested too deeply", None),
        ("a.JSON", "version: 1", "it is not JSON: Expecting value: line 1", 1),
        ("a.toml", "version = 1\nversion = 1\n", "it is not TOML: Cannot overwrite a value (at line 2", 2),
        ("a.json", "{}", "it has no list of interactions; is it a vcrpy cassette?", None),
        ("a.toml", "version = 2\ninteractions = []\n", "its version is 2", None),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_its_suffix_says(
    name: str, text: str, said: str, line: int | None, tmp_path: Path
) -> None:
    """A file that is not of its suffix's format is refused with the reason, and the line where there is one."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CassetteUnreadableError) as caught:
        cassettes.read(path)
    error: Any = caught.value
    assert (error.reason.startswith(said), error.line) == (True, line), error.reason


@pytest.mark.parametrize(
    ("placeholder", "is_secret"),
    [
        ("[FILTERED]", False),
        ("%5BFILTERED%5D", False),
        ("***REDACTED***", False),
        ("DUMMY", False),
        ("<REMOVED>", False),
        ("*****", False),
        ("[FILTERED]x", True),
        ("dummy-5f1c", True),
        ("secret", False),
        ("secret12", True),
        ("hunter2", True),
    ],
)
def test_placeholders_of_others_are_no_credentials(placeholder: str, is_secret: bool) -> None:
    """The words that other recorders write instead of a credential are no finding, whatever else stands there is."""
    found = secrets_in(
        interaction(
            "GET",
            f"/files/v3/x?access_token={placeholder}",
            {"password": placeholder},
            request_headers={"Authorization": f"Bearer {placeholder}"},
        )
    )

    expected = ["URL, query access_token", "request header Authorization", "response body, field password"]
    assert sorted(found) == (expected if is_secret else [])


@pytest.mark.parametrize(
    "text",
    ["a." * 50_000 + "a = 1", "[" + '"a".' * 50_000 + "a]", "x = {" + "'a' . " * 50_000 + "a = 1}",
     '# """\n' + "a." * 50_000 + 'a = 1\n# """'],
    ids=["key", "table", "inline", "between comments"],
)  # fmt: skip
def test_a_key_of_many_parts_is_refused(text: str, tmp_path: Path) -> None:
    """Python's parser of TOML takes the square of a key's parts; no recorder writes such a key."""
    path = tmp_path / "deep.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CassetteUnreadableError, match="a key has more than 40 parts"):
        cassettes.read(path)


def test_many_dots_in_a_text_are_no_key(tmp_path: Path) -> None:
    """What a body says is no key, however many parts a word of it has."""
    text = (FOREIGN / "cassetter.toml").read_text("utf-8")
    path = tmp_path / "dotted.toml"
    path.write_text(text.replace("cat.png", "a." * 60 + "png"), encoding="utf-8")
    assert len(cassettes.read(path)) == 3
