"""What was sent or configured as a credential is in no file, whatever scrubbing missed; the test says so and fails."""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.downstream import TEST_IMPORT, Downstream, interaction, started, whole_import

from pytest_hubfiles import cassettes, secrets
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record import candidates
from pytest_hubfiles.secrets import sent, write_guard
from pytest_hubfiles.secrets.write_guard import CredentialInFileError, WriteGuard

SECRET = "s3cr3t-v4lue-th4t-is-l0ng"
UUID = "6f2b9c1e-33aa-4c5d-9e0f-0123456789ab"


def knowing(*values: str) -> WriteGuard:
    made = WriteGuard()
    for value in values:
        made.know(value, "the token")
    return made


def learned(url: str = "https://x.net/", body: str = "", **headers: str) -> frozenset[str]:
    made = WriteGuard()
    made.learn(url, {name.replace("_", "-"): (value,) for name, value in headers.items()}, body.encode())
    return made.values


# --- what it knows --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ({"Authorization": f"Bearer {SECRET}"}, {f"Bearer {SECRET}", SECRET}),
        ({"authorization": SECRET}, {SECRET}),
        ({"Cookie": f"lang=en; session={SECRET}"}, {f"lang=en; session={SECRET}", SECRET}),
        ({"X_Our_Token": SECRET}, {SECRET}),
        ({"X_Auth_Mode": "optional-auth"}, set()),
        ({"Accept": SECRET, "User_Agent": SECRET}, set()),
        ({"Authorization": "Bearer short"}, {"Bearer short"}),
    ],
)
def test_headers_that_were_sent(header: dict[str, str], known: set[str]) -> None:
    """What a header held whose name says so is known, with its scheme and without."""
    assert learned(**header) == known


def test_basic_authentication_is_known_decoded() -> None:
    """The password in a Basic header is known as it is typed, alone and with its user."""
    encoded = base64.b64encode(f"me:{SECRET}".encode()).decode()
    assert learned(Authorization=f"Basic {encoded}") == {f"Basic {encoded}", encoded, f"me:{SECRET}", SECRET}


@pytest.mark.parametrize(
    "name", ["hapikey", "access_token", "clientSecret", "code", "sig", "X-Amz-Credential", "X-Amz-Signature"]
)
def test_queries_and_bodies_that_were_sent(name: str) -> None:
    """What stood in a query, a form, a multipart form or JSON under a name that says so is known."""
    assert learned(f"https://x.net/?a=1&{name}={SECRET}") == {SECRET}
    assert learned(body=f"a=1&{name}={SECRET}") == {SECRET}
    is_code = name in ("code", "sig")  # in JSON, a code is an error's or a country's
    assert learned(body=f'{{"a": [{{"{name}": "{SECRET}"}}]}}') == (set() if is_code else {SECRET})
    part = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{SECRET}\r\n--x--\r\n'
    assert learned(body=part) == {SECRET}


@pytest.mark.parametrize(
    "body",
    [
        f'{{"url": "https://me:{SECRET}@x.net/cat.png"}}',
        f'{{"url": "https:\\/\\/me:{SECRET}@x.net\\/cat.png"}}',
        f'{{"url": "https://x.net/cat.png?a=1&token={SECRET}"}}',
        f"<file><url>https://me:{SECRET}@x.net/cat.png</url></file>",
        f"fetch https://me:{SECRET}@x.net/cat.png",
    ],
)
def test_addresses_in_a_body_that_was_sent(body: str) -> None:
    """The password and the parameters of an address are known too where the address stands in a body."""
    assert SECRET in learned(body=body)


@pytest.mark.parametrize(
    "query", ["limit=1234567890", "token=1234567890", "token=COMPLETE", f"nextPageToken={SECRET}", f"after={SECRET}"]
)
def test_what_is_no_credential(query: str) -> None:
    """Numbers, words and places in a list are none: a file that holds them is written."""
    assert learned(f"https://x.net/?{query}") == set()


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [
        ("HUBSPOT_ACCESS_TOKEN", "words-only", True),
        ("OUR_CLIENT_SECRET", SECRET, True),
        ("GITHUB_TOKEN", SECRET, True),
        ("DB_PASSWORD", SECRET, True),
        ("HUBSPOT_API_KEY", UUID, True),
        ("TOKENIZERS_PARALLELISM", SECRET, False),
        ("HOME", "/home/some1/somewhere", False),
        ("API_TOKEN", "short12", False),
        ("OUR_SECRET", "development", False),
    ],
)
def test_credentials_of_the_environment(name: str, value: str, known: bool) -> None:
    """A variable whose name says so holds one, unless its value is short or a word."""
    assert (value in WriteGuard.of({name: value}).values) is known


# --- what it finds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("interaction 2, request uri (from line 27)", lambda s: {"url": f"https://api.hubapi.com/{s}"}),
        ("interaction 2, request headers (from line 23)", lambda s: {"request_headers": {"Accept": (s,)}}),
        ("interaction 2, request body (from line 22)", lambda s: {"request_body": s.encode()}),
        ("interaction 2, response headers (from line 32)", lambda s: {"response_headers": {"Link": (s,)}}),
        ("interaction 2, response body (from line 29)", lambda s: {"response_body": s.encode()}),
        ("interaction 2, response status (from line 37)", lambda s: {"reason": s}),
    ],
)
def test_the_place_is_reported_and_the_value_is_not(part: str, change: Callable[[str], dict[str, object]]) -> None:
    """A hit says which file, interaction, part and line, where the credential comes from, and what to do."""
    from dataclasses import replace

    plain = interaction("GET", "/files/v3/files/1", 200, {"id": "1"})
    content = cassettes.dump([plain, replace(plain, **change(SECRET)), plain])  # type: ignore[arg-type]
    with pytest.raises(CredentialInFileError) as caught:
        knowing("another-t0ken", SECRET).check("cassettes/x.yaml", content)
    assert caught.value.place == part
    assert str(caught.value).startswith(
        f"cassettes/x.yaml was not written: it would have held a credential, the token, in {part}.\n"
    )
    assert "hubfiles_scrub" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_file_without_credentials_passes() -> None:
    """What holds none of the known values is written."""
    knowing(SECRET, UUID).check("x.yaml", cassettes.dump(whole_import()))


def test_a_key_of_several_lines_is_found() -> None:
    """A private key is found however its lines are broken and indented."""
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----"
    content = cassettes.dump([interaction("POST", "/x", 200, {"a": key}, asked=key)])
    with pytest.raises(CredentialInFileError):
        knowing(key).check("x.yaml", content)


# --- in a run -------------------------------------------------------------------------------------------------


@pytest.fixture
def unscrubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch scrubbing off: the write guard is what is left."""

    def scrub(interaction: Interaction, *_: object) -> secrets.Scrubbed:
        return secrets.Scrubbed(interaction.plain(), (), frozenset())

    monkeypatch.setattr(secrets, "scrub", scrub)


@pytest.mark.usefixtures("unscrubbed")
def test_a_credential_that_scrubbing_missed_is_not_written(
    downstream: Downstream, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The test that would have written it fails and says why; the old cassette stays, and no file has it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # holds the staged recordings, those of this test alone
    old = downstream.write([started()]).read_bytes()
    downstream.tests(TEST_IMPORT)
    result = downstream.run_live("--hubfiles-record=rewrite", "--hubfiles-fail-on=never")
    assert result.ret == 1
    text = result.stdout.str()
    assert "test_import.yaml was not written: it would have held a credential, " in text
    assert "in interaction 1, request headers (from line " in text
    assert downstream.cassette().read_bytes() == old
    assert downstream.yaml_files() == ["cassettes/2026-03/test_files/test_import.yaml"]
    assert b"a-token-for-tests" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.usefixtures("unscrubbed")
def test_a_failing_test_keeps_no_candidate_with_a_credential(downstream: Downstream) -> None:
    """A candidate is a file like any other."""
    downstream.tests(TEST_IMPORT + "    assert False\n")
    result = downstream.run_live("--hubfiles-record=once")
    result.assert_outcomes(failed=1, errors=1)
    assert downstream.yaml_files() == []
    result.stdout.fnmatch_lines(["not recorded: *test_import.yaml was not written: it would have held a credential*"])


def test_what_other_tests_need_is_no_credential(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret of the environment that an answer holds by chance is scrubbed, and the recording goes on."""
    monkeypatch.setenv("OUR_TOKEN", "122692044085-cat-and-dog")
    downstream.tests(
        """
def test_import(hubfiles):
    assert import_a_file(hubfiles, name="122692044085-cat-and-dog").task_status == "COMPLETE"
"""
    )
    downstream.record()
    assert b"cat-and-dog" not in downstream.cassette().read_bytes()
    assert downstream.run().ret == 0


def test_accepting_a_candidate_is_writing_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate that holds a credential of the environment is not promoted."""
    monkeypatch.setenv("OUR_TOKEN", SECRET)
    candidate = tmp_path / "x.candidate.yaml"
    candidate.write_bytes(cassettes.dump([interaction("GET", "/x", 200, {"note": SECRET})]))
    with pytest.raises(CredentialInFileError):
        candidates.accept_candidate(candidate)
    assert not (tmp_path / "x.yaml").exists()
    assert candidate.exists()


def test_the_write_guard_shares_nothing_with_scrubbing() -> None:
    """What one of the two misses, the other may not: neither uses the other's code or lists."""
    for module in (write_guard, sent):
        imported = re.findall(r"(?m)^from (pytest_hubfiles\S*) import (.+)$", Path(module.__file__).read_text("utf-8"))
        assert set(imported) <= {("pytest_hubfiles.errors", "HubfilesError"), ("pytest_hubfiles.secrets", "sent")}
