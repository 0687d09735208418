"""What is measured inside a process, as its start would hide it; prints the seconds of each as JSON."""

from __future__ import annotations

import copy
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import suites


def seconds(work: Callable[[], object], least: float = 0.05, times: int = 5) -> float:
    """Return the seconds of CPU that *work* takes: the median of *times* runs of at least *least* seconds."""
    work()
    count, start = 0, time.process_time()
    while count == 0 or time.process_time() - start < least:
        work()
        count += 1
    found = [(time.process_time() - start) / count]
    for _ in range(times - 1):
        start = time.process_time()
        for _ in range(count):
            work()
        found.append((time.process_time() - start) / count)
    return statistics.median(found)


def _exchange(contracts: Any, body: object) -> Any:
    from pytest_hubfiles.model.exchange import Interaction

    headers = {"Content-Type": ("application/json;charset=utf-8",), "Date": ("Mon, 05 Oct 2026 09:14:05 GMT",)}
    url = suites.ORIGIN + suites.path_of(suites.TASK)
    exchange = contracts.identify(Interaction("GET", url, {}, b"", 200, "OK", headers, json.dumps(body).encode()))
    exchange.json  # noqa: B018  # parsed once, in replay too
    return exchange


def judging() -> dict[str, float]:
    """Judge a good answer, against iter_errors with a validator built once."""
    from pytest_hubfiles.judge import schema_files

    contracts = schema_files.load()
    exchange = _exchange(contracts, json.loads(suites.PAYLOAD))
    contract = contracts.of(exchange)
    assert contract is not None
    pointer, body = contract.responses["200"], exchange.json
    assert pointer is not None
    validator = contract.validator(pointer)
    fast = contract.fast_validator(pointer)
    assert fast.accepts(body)
    assert not list(validator.iter_errors(body))
    assert not list(contracts.check(exchange))
    return {
        "body": seconds(lambda: fast.faults(body)),
        "exchange": seconds(lambda: list(contracts.check(exchange))),
        "iter_errors": seconds(lambda: list(validator.iter_errors(body))),
    }


def corpus() -> dict[str, float]:
    """Check 100 cassettes of five exchanges, against a bare loop of libyaml and jsonschema."""
    import yaml

    from pytest_hubfiles import cassettes
    from pytest_hubfiles.judge import schema_files

    contracts = schema_files.load()
    contract = contracts.get("2026-03", "import-status")
    validator = contract.validator(str(contract.responses["200"]))
    with tempfile.TemporaryDirectory() as name:
        suites.write(Path(name) / "suite", "five-requests", 100, "ours")
        files = sorted(Path(name).rglob("*.yaml"))

        def bare() -> None:
            for file in files:
                for one in yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)["interactions"]:
                    list(validator.iter_errors(json.loads(one["response"]["body"]["string"])))

        def ours() -> None:
            for file in files:
                for interaction in cassettes.read(file):
                    list(contracts.check(contracts.identify(interaction.plain())))

        return {"ours": seconds(ours, 0.0, 3), "bare": seconds(bare, 0.0, 3)}


def _long(elements: int, offset: int, odd: bool) -> dict[str, Any]:
    """Return an answer with many errors; with *odd*, one of them has a number where the others have a text."""
    errors: list[dict[str, Any]] = [
        {
            "category": "VALIDATION_ERROR",
            "context": {"field": [f"row {number + offset}"]},
            "errors": [],
            "id": f"{number + offset:08d}-0000-4000-8000-000000000000",
            "links": {"self": f"https://example.com/{number + offset}"},
            "message": f"row {number + offset} has no name",
            "status": "error",
        }
        for number in range(elements)
    ]
    if odd:
        errors[elements // 2]["message"] = 7
    return {"status": "COMPLETE", "taskId": str(offset), "numErrors": elements, "errors": errors}


def comparing() -> dict[str, float]:
    """Compare an answer with another of the same shape, and long ones of which one element drifted, with DeepDiff."""
    from deepdiff import DeepDiff

    from pytest_hubfiles.compare import drift
    from pytest_hubfiles.judge import schema_files

    contracts = schema_files.load()
    old = json.loads(suites.PAYLOAD)
    new = copy.deepcopy(old)
    new["taskId"], new["result"]["id"], new["result"]["size"] = "BBBB", "1", 99
    new["completedAt"] = new["result"]["createdAt"] = "2026-11-05T09:14:03.231Z"
    same = [_exchange(contracts, body) for body in (old, new)]
    found = {
        "ours": seconds(lambda: list(drift.compare(same[:1], same[1:], contracts))),
        "deepdiff": seconds(lambda: DeepDiff(old, new)),
    }
    assert not list(drift.compare(same[:1], same[1:], contracts))
    for elements in (1_000, 10_000):
        bodies = _long(elements, 0, odd=False), _long(elements, elements, odd=True)
        long = [_exchange(contracts, body) for body in bodies]
        found[f"ours {elements}"] = seconds(
            lambda long=long: list(drift.compare(long[:1], long[1:], contracts)), 0.0, 3
        )
        if elements == 1_000:
            start = time.process_time()
            DeepDiff(*bodies)
            found[f"deepdiff {elements}"] = time.process_time() - start
    return found


def loading(environment: str, size: int) -> dict[str, float]:
    """Load one cassette of *size* exchanges, as vcrpy does it or as we do."""
    with tempfile.TemporaryDirectory() as name:
        content = suites.FORMATS[environment](
            [suites.path_of(str(number)) for number in range(size)], [suites.PAYLOAD] * size
        )
        path = Path(name) / "large.yaml"
        path.write_bytes(content)
        del content
        if environment == "ours":
            from pytest_hubfiles import cassettes

            start = time.process_time()
            held: Any = cassettes.read(path, cassettes.Limits(1000.0))
        else:
            import vcr

            start = time.process_time()
            held = vcr.use_cassette(str(path), record_mode="none").__enter__()
        spent = time.process_time() - start
        assert len(held) == size
    return {"load": spent}


if __name__ == "__main__":
    names: dict[str, Callable[..., dict[str, float]]] = {
        "judging": judging,
        "corpus": corpus,
        "comparing": comparing,
        "loading": lambda: loading(sys.argv[2], int(sys.argv[3])),
    }
    sys.stdout.write(json.dumps(names[sys.argv[1]]()) + "\n")
