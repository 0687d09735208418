"""What no cassette could hold is refused when it arrives, before it is searched, judged and written."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from faults.servers import RawServer, ReceivedRequest, reply
from helpers.downstream import Downstream, started
from test_encodings import ENCODERS

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.body import decodes_to_too_much

LARGE = b'{"rows": "' + b"0" * 3_000_000 + b'"}'
PIECE = b'{"rows": "' + b"0" * 400_000 + b'"}'
TEST = """
from helpers.http_clients import SENDERS

def test_import(hubfiles):
    for number in range({times}):
        answer = SENDERS[{client!r}]("GET", f"{{hubfiles.base_url}}/crm/v3/{{number}}", {{}}, None)
        assert answer.status == 200 and len(answer.body) > 100_000
"""
SAYS = (
    "*GET http://127.0.0.1:*/crm/v3/{} got an answer of {} MB, and hubfiles_max_cassette_mb = 1 is for all that a test*"
)


@pytest.fixture
def exports() -> Iterator[str]:
    def answer(asked: ReceivedRequest) -> Iterator[bytes]:
        yield reply(gzip.compress(PIECE if "few" in asked.path else LARGE), Content_Encoding="gzip")

    with RawServer(answer) as server:
        yield server.url


@pytest.mark.parametrize("mode", ["once", "verify"])
@pytest.mark.parametrize("client", ["requests", "httpx", "aiohttp", "urllib3"])
def test_one_large_answer(downstream: Downstream, exports: str, client: str, mode: str) -> None:
    """A test that downloads more than a cassette may have gets it, and fails with the setting's name."""
    downstream.ini("hubfiles_max_cassette_mb = 1")
    downstream.tests(TEST.format(client=client, times=1))
    result = downstream.run(f"--hubfiles-base-url={exports}", f"--hubfiles-record={mode}", "--hubfiles-fail-on=never")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([SAYS.format(0, "3.0")])
    assert downstream.yaml_files() == []


def test_many_answers(downstream: Downstream, exports: str) -> None:
    """What is too much together is refused from there on; what was recorded before is kept as a candidate."""
    downstream.ini("hubfiles_max_cassette_mb = 1")
    downstream.tests(TEST.format(client="requests", times=3).replace("crm/v3", "crm/v3/few"))
    result = downstream.run(f"--hubfiles-base-url={exports}", "--hubfiles-record=once")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([SAYS.format("few/2", "0.4")])
    assert [Path(name).name for name in downstream.yaml_files()] == ["test_import.candidate.yaml"]


def test_much_is_refused_before_it_is_written(tmp_path: Path) -> None:
    """Recordings that are larger than the file may be are not given to a YAML library: it takes a minute for 200 MB."""
    unwritable = replace(started(), response_body=LARGE, reason="\ud800")
    with pytest.raises(cassettes.CassetteNotWrittenError, match=r"it would have 3\.0 MB, more than"):
        cassettes.save(tmp_path / "a.yaml", [unwritable], cassettes.Limits(1))


@pytest.mark.parametrize("encoding", [name for name in ENCODERS if name not in ("identity", "none")])
def test_what_stays_encoded(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """A body that decodes to more than is decoded is known from one that is cut, in each encoding."""
    monkeypatch.setattr("pytest_hubfiles.model.body._LARGEST_BODY", 5_000)
    called = encoding.partition("-")[0]
    fitting, bomb = ENCODERS[encoding](b"0" * 5_000), ENCODERS[encoding](b"0" * 9_000)
    assert decodes_to_too_much(bomb, called)
    assert not decodes_to_too_much(fitting, called)
    assert not decodes_to_too_much(fitting[:-4], called)
