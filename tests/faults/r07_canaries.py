"""R7: no credential reaches a file, a log or a failure's text, whichever way a run ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from helpers.alone import ALONE
from helpers.patience import LONG_PATIENCE
from hypothesis import HealthCheck, Phase, given, seed, settings

from faults.canaries import PLACEMENTS, Placement, Planted, answering, files_under, leaks, plant
from faults.ledger import Outcome
from faults.payloads import changed_by_scrubbing, payloads
from pytest_hubfiles.model.exchange import Exchange

TESTS = '''
import json, logging, os, pathlib
import clients, pytest

PLAN = os.environ["PLAN"]

def requests_to_send():
    return json.loads(pathlib.Path(PLAN).read_text(encoding="utf-8"))

def send_all(hubfiles):
    answers = []
    for request in requests_to_send():
        answer = clients.send(hubfiles.base_url, **request)
        answers.append(answer)
    return answers

def test_passes(hubfiles):
    assert len(send_all(hubfiles)) > 0

def test_fails(hubfiles):
    answers = send_all(hubfiles)
    headers = [request["headers"] for request in requests_to_send()]
    logging.getLogger("uploader").error("sent %s", headers)
    assert answers == headers

@pytest.mark.parametrize("number", [10, 20, 24, 27, 32, 45])
def test_is_refused(hubfiles, number):
    """A request is recorded, and another one is asked for."""
    clients.send(hubfiles.base_url, **requests_to_send()[0 if hubfiles.recording else number])

def test_crashes(hubfiles):
    send_all(hubfiles)
    os._exit(3)
'''

CLIENTS = """
from helpers import http_clients
from hubspot import HubSpot

NAME = {name!r}

def send(base_url, method, path, headers, body):
    sent = body.encode("latin-1") or None
    if NAME == "hubspot-api-client":
        api = HubSpot(access_token={token!r}.strip() or "none-at-all", host=base_url).files.files_api.api_client
        rest = api.rest_client.pool_manager
        answer = rest.request(method, base_url + path, headers={{**api.default_headers, **headers}}, body=sent)
        return answer.data.decode("latin-1")
    return http_clients.SENDERS[NAME](method, base_url + path, headers, sent).body.decode("latin-1")
"""

CLIENT_NAMES = ("requests", "httpx", "aiohttp", "urllib3", "hubspot-api-client")
BOUNDED = ("answer reported twice", "header Cookie", "multipart field")  # beside every sixth
# Each ends in its own way: what it leaves differs.
RUNS = {
    "records": ["-k", "passes or fails or refused", "--hubfiles-record=all"],
    "replays": ["-k", "passes or refused", "--hubfiles-record=none", "--full-trace"],
    "crashes": ["-k", "crashes", "--hubfiles-record=rewrite"],
}
LOUD = [
    "--showlocals", "-vv", "-rA", "--log-level=DEBUG", "-o", "log_cli=true", "-o", "log_cli_level=DEBUG",
    "-o", "log_file=run.log", "-o", "log_file_mode=a", "-o", "log_file_level=DEBUG", "-o", "junit_logging=all",
    "--hubfiles-fail-on=never", "-p", "no:cacheprovider",
]  # fmt: skip


def _run(folder: Path, name: str, url: str, token: str) -> None:
    """Run pytest in *folder* as a suite would that asks for everything to be reported."""
    (folder / "tmp").mkdir(exist_ok=True)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "HUBSPOT", "COV"))},
        **ALONE,
        "PLAN": str(folder.parent / f"{folder.name}.plan"),
        "TMPDIR": str(folder / "tmp"),
        "HUBSPOT_ACCESS_TOKEN": token,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    reports = [f"--junitxml=junit-{name}.xml", f"--hubfiles-report=json:report-{name}.json"]
    command = [
        sys.executable, "-m", "pytest", *LOUD, *reports,
        f"--hubfiles-base-url={url}", *RUNS[name],
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=LONG_PATIENCE, check=False)
    (folder / f"output-{name}.txt").write_bytes(done.stdout + b"\n" + done.stderr)


def _left_by(client: str, planted: list[Planted], url: str, folder: Path, runs: tuple[str, ...]) -> dict[str, bytes]:
    """Record, replay and crash with one *client*; return all that is left, by name."""
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n", encoding="utf-8")
    (folder / "test_files.py").write_text(TESTS, encoding="utf-8")
    (folder / "clients.py").write_text(CLIENTS.format(name=client, token=""), encoding="utf-8")
    (folder.parent / f"{folder.name}.plan").write_text(json.dumps([one.request() for one in planted]), encoding="utf-8")
    token = planted[0].canary
    for name in runs:
        _run(folder, name, url, token)
    return {f"{client}: {name}": content for name, content in files_under(folder).items()}


def _control(planted: list[Planted], url: str, folder: Path) -> bool:
    """Return whether plain vcrpy, in our place, leaks most of them."""
    import vcr
    from helpers import http_clients

    folder.mkdir()
    with vcr.use_cassette(str(folder / "plain.yaml"), record_mode="all"):
        for one in planted:
            asked = one.request()
            body = str(asked["body"]).encode("latin-1") or None
            http_clients.SENDERS["requests"](str(asked["method"]), f"{url}{asked['path']}", asked["headers"], body)
    return len(leaks(planted, files_under(folder))) > len(planted) // 2


def _sent_by(client: str, placements: Sequence[Placement]) -> list[Placement]:
    """Return the placements that a client can send and read: aiohttp fails at zstd without a library of its own."""
    return [place for place in placements if not (client == "aiohttp" and place.coding == "zstd")]


def _complaints(left: dict[str, bytes], client: str, runs: tuple[str, ...]) -> list[str]:
    """Return what shows that a run did not do what it was to do, and so left nothing to search."""
    names = {name.rpartition("/")[2] for name in left}
    wanted = {"records": "test_passes.yaml", "replays": "report-replays.json", "crashes": "output-crashes.txt"}
    missing = [
        f"{client}: no {wanted[name]}" for name in runs if wanted[name] not in names | {n.split(": ")[-1] for n in left}
    ]
    if "records" in runs and not any("test_fails.candidate.yaml" in name for name in left):
        missing.append(f"{client}: no candidate")
    for name, content in left.items():
        if "output-replays" in name and b"6 failed, 1 passed" not in content:
            missing.append(f"{client}: {content[-400:].decode('utf-8', 'replace')}")
        if "output-records" in name and b"1 failed, 7 passed" not in content:
            missing.append(f"{client}: {content[-400:].decode('utf-8', 'replace')}")
    return missing


def _changed(count: int) -> list[str]:
    """Return what scrubbing changes of *count* answers that it must leave as it is."""
    found: list[str] = []

    @seed(7)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(payloads())
    def look_at(exchange: Exchange) -> None:
        found.extend(changed_by_scrubbing(exchange))

    look_at()
    return found


def run(bounded: bool) -> Outcome:
    """Plant a canary in every place, with every client, and search all that is left."""
    clients = ("requests",) if bounded else CLIENT_NAMES
    placements = [p for n, p in enumerate(PLACEMENTS) if n % 6 == 0 or p.name in BOUNDED] if bounded else PLACEMENTS
    runs = ("records",) if bounded else tuple(RUNS)
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        planted = {
            client: plant(number, _sent_by(client, placements)) for number, client in enumerate(clients, start=7)
        }

        def search(client: str) -> list[str]:
            with answering(planted[client]) as url:
                left = _left_by(client, planted[client], url, root / client, runs)
            return _complaints(left, client, runs) + leaks(planted[client], left)

        with ThreadPoolExecutor(2) as pool:
            for found in pool.map(search, clients):
                failures += found
        with answering(planted["requests"]) as url:
            control = _control(planted["requests"], url, root / "plain")
    return Outcome(
        promise="R7",
        title="no credential reaches a file, a log or a failure's text",
        injected=sum(map(len, planted.values())) * len(runs),
        cost="leaked",
        control=control,
        failures=tuple(failures + _changed(20 if bounded else 2_000)),
    )
