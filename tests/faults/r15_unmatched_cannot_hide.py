"""R15: a request that nothing is recorded for fails its test, though the client swallows that and asks on and on."""

from __future__ import annotations

import itertools
import json
from typing import Any, Final

import vcr
from helpers.downstream import TASK, interaction, polled

from faults import swallowing
from faults.ledger import Outcome
from faults.projects import project
from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN

_TESTS: Final = """
import json
import pathlib
from faults.swallowing import CLIENTS

TAPES = [
    pytest.param(name, marks=pytest.mark.hubfiles(version="v3", cassette=name)) for name in {tapes!r}
]

@pytest.mark.parametrize("times", [0, 1, 3, 50])
@pytest.mark.parametrize("tape", TAPES)
@pytest.mark.parametrize("client", {clients!r})
def test_polls(hubfiles, client, tape, times):
    tries = 0
    try:
        while tries < times:
            tries += 1
            if CLIENTS[client](hubfiles.base_url) == "COMPLETE":
                break
    finally:
        with pathlib.Path("tries.jsonl").open("a") as file:
            print(json.dumps([client, tape, times, tries]), file=file)
"""


def _poll(state: str) -> Interaction:
    body = json.loads(polled(state).response_body)
    return interaction("GET", swallowing.STATUS, 200, body)


_TAPES: Final[dict[str, list[Interaction]]] = {
    "nothing": [],
    "another-task": [interaction("GET", swallowing.STATUS.replace(TASK, "other"), 200, {"status": "PENDING"})],
    "one-poll": [_poll("PENDING")],
    "two-polls": [_poll("PENDING"), _poll("PROCESSING")],
    "an-end": [_poll("PENDING"), _poll("COMPLETE")],
}
_POLLS: Final = {"nothing": 0, "another-task": 0, "one-poll": 1, "two-polls": 2, "an-end": 2}


def run(bounded: bool) -> Outcome:
    """Poll with each swallowing client, from never to much more often than was recorded."""
    clients = list(swallowing.CLIENTS)
    tapes = list(_TAPES)[2:] if bounded else list(_TAPES)
    failures: list[str] = []
    with project() as suite:
        suite.tests(_TESTS.format(clients=clients, tapes=tapes))
        for name in tapes:
            if _TAPES[name]:
                path = suite.path / f"cassettes/v3/{name}.yaml"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(cassettes.dump(_TAPES[name]))
        ran = suite.run("--hubfiles-report=json:report.json", "--tb=line")
        found = json.loads((suite.path / "report.json").read_text(encoding="utf-8"))["findings"]
        lines = (suite.path / "tries.jsonl").read_text(encoding="utf-8").splitlines()
        tries = {f"test_polls[{client}-{tape}-{times}]": count for client, tape, times, count in map(json.loads, lines)}
        cases = list(itertools.product(clients, tapes, (0, 1, 3, 50)))
        for client, tape, times in cases:
            test = f"test_polls[{client}-{tape}-{times}]"
            reported = [finding for finding in found if (finding["test"] or "").endswith(test)]
            how = ran.outcomes.get(test, "not run")
            failures += _judge(test, how, reported, tape=tape, times=times, tries=tries[test])
        plain = suite.path / "cassettes/v3/one-poll.yaml"
        with vcr.VCR(record_mode="none").use_cassette(str(plain)):
            control = [swallowing.CLIENTS[clients[0]](CANONICAL_ORIGIN) for _ in range(9)] == ["PENDING", *[None] * 8]
    return Outcome("R15", "a request without a recording cannot hide", len(cases), "hidden", control, tuple(failures))


def _judge(test: str, how: str, reported: list[dict[str, Any]], *, tape: str, times: int, tries: int) -> list[str]:
    said = [finding for finding in reported if finding["kind"] in ("unmatched-request", "task-never-ended")]
    if tape == "an-end" or times <= _POLLS[tape]:  # all of it is recorded, the last answer as often as it is asked for
        return [f"{test} {how}: {said}"] if how != "passed" or said or tries != min(times, _POLLS[tape]) else []
    wrong = [] if how == "failed" else [f"{test} {how}"]
    if not said:
        wrong.append(f"{test}: nothing is reported")
    if tries > _POLLS[tape] + 1:
        wrong.append(f"{test}: went on to {tries} polls")
    return wrong
