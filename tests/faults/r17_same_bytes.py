"""R17: the same answers, recorded twice, are the same file."""

from __future__ import annotations

import dataclasses
import json
import random
import tempfile
from pathlib import Path
from typing import Final

from helpers.downstream import whole_import

from faults.apart import run_apart
from faults.ledger import Outcome
from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record import StagedRecordings
from pytest_hubfiles.settings.values import RecordMode

_TEXTS: Final = (
    "é",
    "😀",
    "\t",
    "\n",
    " ",
    "'",
    '"',
    ":",
    "#",
    "-",
    "\x85",
    "\u2028",
    "\x00",
    "null",
    "1",
    "yes",
    "{",
    "|",
)


def _answers(seed: int) -> list[Interaction]:
    """Return the answers of four tests, reported by *seed* alone."""
    drawn = random.Random(seed)

    def changed(interaction: Interaction) -> Interaction:
        text = "".join(drawn.choice(_TEXTS) for _ in range(drawn.randint(0, 6)))
        body = drawn.choice((interaction.response_body, text.encode(), b"\xff" + text.encode()))
        names = [f"X-{n}" for n in range(5)]
        drawn.shuffle(names)
        headers = {name: (text, name) for name in names}
        return dataclasses.replace(interaction, response_body=body, response_headers=headers, reason=text[:3])

    return [changed(interaction) for interaction in whole_import()]


def _record(folder: Path, seed: int, order: random.Random) -> bytes:
    """Record four tests into one cassette, in whatever order they end; return the file."""
    path = folder / "v3" / "x.yaml"
    staged = StagedRecordings(path, f"r17-{order.random()}", RecordMode.ALL, shared=True)
    staged.begin("test_a")
    tests = list(enumerate(_answers(seed)))
    order.shuffle(tests)
    for number, answer in tests:
        headers = list(answer.response_headers.items())
        order.shuffle(headers)  # http.client and httpx hand them over in other orders
        staged.promote(f"test_{number}", number, [dataclasses.replace(answer, response_headers=dict(headers))])
    content = path.read_bytes()
    path.unlink()
    return content


def _as_it_comes(folder: Path, seed: int, order: random.Random) -> bytes:
    """Append what each test got when it ended: the positive control."""
    answers = _answers(seed)
    order.shuffle(answers)
    return cassettes.dump(answers)


def run(bounded: bool) -> Outcome:
    """Record the same answers twice, each time in a process with another hash seed and in another order."""
    times, failures, differing = 4 if bounded else 100, [], 0
    with tempfile.TemporaryDirectory() as folder:
        runs = []
        for number in range(2):
            done = run_apart(__name__, str(number), str(times), folder, folder=Path(folder))
            if done.returncode:
                raise RuntimeError(done.stderr)
            runs.append(json.loads(done.stdout))
        for seed in range(times):
            if runs[0]["ours"][seed] != runs[1]["ours"][seed]:
                failures.append(f"answers {seed} make two files")
            differing += runs[0]["control"][seed] != runs[1]["control"][seed]
    return Outcome("R17", "the same answers are the same file", times, "differ", differing > 0, tuple(failures))


def _main(number: int, times: int, folder: Path) -> None:
    order, found = random.Random(number), {"ours": [], "control": []}
    for seed in range(times):
        found["ours"].append(_record(folder, seed, order).hex())
        found["control"].append(_as_it_comes(folder, seed, order).hex())
    print(json.dumps(found))  # noqa: T201  # read by run()


if __name__ == "__main__":
    import sys

    _main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
