"""While a test replays, certificates are read when they are first needed, and no client sees a difference."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import certifi
import pytest
from helpers.downstream import Downstream, whole_import

from pytest_hubfiles.record.certificates import LateCertificates

COUNT = ssl.create_default_context(cafile=certifi.where()).cert_store_stats()


@pytest.fixture(autouse=True)
def _read_before() -> None:
    with LateCertificates():
        ssl.create_default_context(cafile=certifi.where())
        ssl.create_default_context()


def waits(context: ssl.SSLContext) -> bool:
    return type(context) is not ssl.SSLContext


def test_a_context_waits_and_is_a_plain_one_after() -> None:
    """A context made while replaying has read nothing; asked for its certificates, it has all, and is a plain one."""
    with LateCertificates():
        context = ssl.create_default_context(cafile=certifi.where())
        assert isinstance(context, ssl.SSLContext)
        assert waits(context)
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert waits(context)

    assert context.cert_store_stats() == COUNT
    assert not waits(context)
    assert not waits(ssl.create_default_context(cafile=certifi.where()))


def test_nothing_of_it_is_left() -> None:
    """Outside, ``ssl`` is as it was."""
    before = dict(vars(ssl.SSLContext))
    with LateCertificates():
        assert dict(vars(ssl.SSLContext)) != before

    assert dict(vars(ssl.SSLContext)) == before


def test_each_context_is_one_of_its_own() -> None:
    """What one client sets on its context, another does not see."""
    with LateCertificates():
        mine, other = (ssl.create_default_context() for _ in range(2))
        mine.check_hostname = False
        mine.verify_mode = ssl.CERT_NONE

    assert (other.verify_mode, other.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_file_that_is_missing_or_broken_is_reported_at_once(tmp_path: Path) -> None:
    """What cannot be read is an error where it is asked for, also when the file was good a moment ago."""
    file = tmp_path / "ca.pem"
    file.write_bytes(Path(certifi.where()).read_bytes())
    with LateCertificates():
        assert not waits(ssl.create_default_context(cafile=file))
        assert waits(ssl.create_default_context(cafile=file))
        file.write_text("no certificate", encoding="utf-8")
        with pytest.raises(ssl.SSLError):
            ssl.create_default_context(cafile=file)
        file.unlink()
        with pytest.raises(FileNotFoundError):
            ssl.create_default_context(cafile=file)


def test_a_subclass_reads_at_once() -> None:
    """A context of a class of somebody's own is left alone."""

    class Own(ssl.SSLContext):
        pass

    with LateCertificates():
        context = Own(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(certifi.where())

    assert type(context) is Own
    assert context.cert_store_stats() == COUNT


@pytest.mark.parametrize("need", ["wrap_bio", "get_ca_certs"])
def test_whoever_needs_them_first_gets_all(need: str) -> None:
    """Of many threads that need a context at once, each gets it with every certificate."""
    with LateCertificates():
        context = ssl.create_default_context(cafile=certifi.where())
    together, found = threading.Barrier(8), []

    def ask() -> None:
        together.wait()
        if need == "wrap_bio":
            context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")
        else:
            context.get_ca_certs()
        found.append(context.cert_store_stats())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [COUNT] * 8


TESTS = """
import ssl, httpx, pytest
MADE = []

@pytest.mark.hubfiles(cassette="one")
@pytest.mark.parametrize("number", range(3))
def test_client(hubfiles, number):
    MADE.append(httpx.Client())
    assert MADE[-1].get(hubfiles.base_url + "PATH").json()["status"] == "COMPLETE"

def test_after(request):
    contexts = [client._transport._pool._ssl_context for client in MADE]
    assert type(contexts[2]) is not ssl.SSLContext
    all_of_them = httpx.create_ssl_context().cert_store_stats()
    assert [context.cert_store_stats() for context in contexts] == [all_of_them] * 3
"""


def test_a_client_that_outlives_its_test_has_its_certificates(downstream: Downstream) -> None:
    """A client built in a replayed test, without reading certificates, can verify a server after that test."""
    ended = whole_import()[-1]
    downstream.tests(TESTS.replace("PATH", ended.path))
    downstream.write([ended], downstream.path / "cassettes" / "2026-03" / "one.yaml")

    downstream.run().assert_outcomes(passed=4)
