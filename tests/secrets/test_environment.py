"""What a variable holds that is no credential never changes a recording, and a recording never becomes nothing."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading

import pytest
from faults.harmless import VARIABLES as HARMLESS
from helpers.downstream import TEST_IMPORT, Downstream, whole_import
from helpers.patience import PATIENCE

from pytest_hubfiles import cassettes
from pytest_hubfiles.secrets.write_guard import WriteGuard

UUID = "6f2b9c1e-33aa-4c5d-9e0f-0123456789ab"
SECRETS = {
    "GITHUB_TOKEN": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "OUR_SECRET": "k3J9xQ2mZ7vB5nT1",
    "API_TOKEN": "qWeRtYuIoPaSdFgHjKlZxCvBnM",
    "HUBSPOT_API_KEY": UUID,
    "AWS_SECRET_ACCESS_KEY": "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7/+cF0hJ3lM6oR",
    "DB_PASSWORD": "SummerVacation2024",
    "APP_SECRET": "pat-na1-" + UUID,
    "PRIVATE_KEY": "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END KEY-----",
    "WEBHOOK_SECRETS": "9b74c9897bac770ffc029102a200c5de",
    "TOKEN_2": "sk_live_51H8xYzAbCdEfGhIj",
    "TOKEN1": "sk_live_51H8xYzAbCdEfGhIj",
    "HUBSPOTTOKEN": "pat-na1-" + UUID,
    "HUBSPOT_PAT": "pat-na1-" + UUID,
    "GH_PAT": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "ACCESSTOKEN": "k3J9xQ2mZ7vB5nT1",
    "CLIENTSECRET": "k3J9xQ2mZ7vB5nT1",
    "API_BEARER": "k3J9xQ2mZ7vB5nT1",
    "FERNET_KEY": "k3J9xQ2mZ7vB5nT1",
    "HUBSPOT_DEVELOPER_KEY": UUID,
    "PGPASSWORD": "SummerVacation2024",
    "SSHPASS": "SummerVacation2024",
    "SMTP_PASS": "SummerVacation2024",
}


def test_the_environment_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look sees what is set at that time: a variable that is new, another value, and that one is gone."""
    seen = []
    for value in (None, SECRETS["OUR_SECRET"], SECRETS["TOKEN1"], None):
        if value is None:
            monkeypatch.delenv("OUR_SECRET", raising=False)
        else:
            monkeypatch.setenv("OUR_SECRET", value)
        seen.append(WriteGuard.of(os.environ).values & {SECRETS["OUR_SECRET"], SECRETS["TOKEN1"]})
    assert seen == [set(), {SECRETS["OUR_SECRET"]}, {SECRETS["TOKEN1"]}, set()]


def test_another_thread_sets_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is set or removed meanwhile, a look at the environment comes to its end."""
    monkeypatch.setenv("OUR_SECRET", SECRETS["OUR_SECRET"])
    stop = threading.Event()

    def others() -> None:
        for number in itertools.count():
            os.environ[f"PORT_{number}"] = "1"
            del os.environ[f"PORT_{number}"]
            if stop.is_set():
                return

    before = sys.getswitchinterval()
    thread = threading.Thread(target=others)
    sys.setswitchinterval(1e-6)
    try:
        thread.start()
        for _ in range(3_000):
            assert SECRETS["OUR_SECRET"] in WriteGuard.of(os.environ).values
    finally:
        sys.setswitchinterval(before)
        stop.set()
        thread.join()


STRICT = """
import os
from pytest_hubfiles.secrets.write_guard import WriteGuard
for environment in (os.environ, dict(os.environ), os.environ):
    assert "k3J9xQ2mZ7vB5nT1" in WriteGuard.of(environment).values
"""


def test_names_are_bytes_to_the_system() -> None:
    """Python may be told to refuse comparing bytes with texts."""
    environment = {**os.environ, "OUR_SECRET": SECRETS["OUR_SECRET"]}
    subprocess.run([sys.executable, "-bb", "-c", STRICT], env=environment, check=True, timeout=PATIENCE)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_alone_makes_no_credential(name: str) -> None:
    """A URL, a path, a host, a region, a word, a date, a placeholder is none, whatever its variable is called."""
    assert WriteGuard.of({name: HARMLESS[name]}).values == frozenset()


@pytest.mark.parametrize("name", SECRETS)
def test_what_looks_made_up_is_one(name: str) -> None:
    """What a machine has made, or a password, is known by the name of its variable."""
    assert SECRETS[name] in WriteGuard.of({name: SECRETS[name]}).values


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        ("postgres://me:k3J9xQ2mZ7vB@db.example.net/files", "k3J9xQ2mZ7vB"),
        ("https://x.example/hook?token=k3J9xQ2mZ7vB&a=b", "k3J9xQ2mZ7vB"),
        ('{"type": "service_account", "private_key": "k3J9xQ2mZ7vB5nT1"}', "k3J9xQ2mZ7vB5nT1"),
    ],
)
def test_what_stands_in_an_address_or_json_is_one(value: str, inside: str) -> None:
    """Of an address only the credential in it is known, and so is a field of JSON."""
    known = WriteGuard.of({"DATABASE_CREDENTIALS": value}).values
    assert inside in known
    assert not any("example" in one and "{" not in one for one in known)


@pytest.mark.parametrize("value", ["https://api.hubapi.com", "import-from-url", "/files/2026-03", "a4pp.l0cal.ab1c2d3"])
def test_no_piece_of_what_every_recording_holds_is_one(value: str) -> None:
    """Even a token that is configured is none if it is a piece of the base URL or of a contract's path."""
    guard = WriteGuard.of(
        {"HUBSPOT_ACCESS_TOKEN": value, "MY_SECRET": value},
        value,
        lambda: "https://api.hubapi.com\nhttp://a4pp.l0cal.ab1c2d3\n/files/2026-03/files/import-from-url/async",
    )
    assert guard.values == frozenset()


def test_harmless_variables_leave_a_recording_as_it_is(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every such variable set, what is recorded is what is recorded without, and replays."""
    downstream.tests(TEST_IMPORT)
    downstream.record()
    for name, value in HARMLESS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOST_TOKEN", downstream.sandbox.url)
    result = downstream.run_live("--hubfiles-record=rewrite")
    assert result.ret == 0
    kept = cassettes.read(downstream.cassette())
    assert {i.url.partition("/files/")[0] for i in kept} == {"https://api.hubapi.com"}
    assert b"SCRUBBED" not in downstream.cassette().read_bytes()
    assert downstream.run().ret == 0


def test_a_recording_that_judges_nothing_replaces_none_that_judged(downstream: Downstream) -> None:
    """A test that now asks for what no contract describes leaves the old cassette, and is red; accepting is no way."""
    old = downstream.write(whole_import()).read_bytes()
    downstream.tests(
        """
import requests

@pytest.mark.hubfiles(allow=["outage"])
def test_import(hubfiles):
    requests.get(f"{hubfiles.base_url}/somewhere/else")
"""
    )
    for more in ((), ("--hubfiles-accept", "--hubfiles-fail-on=never")):
        result = downstream.run_live("--hubfiles-record=rewrite", *more)
        assert result.ret == 1
        assert "nothing that was recorded is judged, and of the old cassette 4 exchanges are" in result.stdout.str()
        assert downstream.cassette().read_bytes() == old
    downstream.cassette().unlink()
    assert downstream.run_live("--hubfiles-record=rewrite").ret == 0


def test_a_recording_that_judges_less_replaces_one(downstream: Downstream) -> None:
    """What is judged still, even if it is less, may replace a cassette."""
    downstream.write(whole_import())
    downstream.tests("def test_import(hubfiles):\n    hubfiles.start_import(**BODY)\n")
    assert downstream.run_live("--hubfiles-record=rewrite", "--hubfiles-accept").ret == 0
