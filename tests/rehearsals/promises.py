"""What a rehearsal promises, each measured on suites of its own."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Final

from helpers.downstream import whole_import

from rehearsals.projects import Project, Ran, project, replaying
from rehearsals.suites import CLIENTS, LOOP_VERDICTS, LOOPS, OFFICIAL, RELATED, STATEFUL, uploads

_ENUM: Final = "import-status $.status enum-value-added"
_COPIES: Final = 200
_SOME: Final = 40
_ROUNDS: Final = 3
_TESTS: Final = 16
_MOST_TIMES: Final = 2.0
_MOST_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Measured:
    """What was measured of a promise, in words, and what does not hold."""

    promise: str
    title: str
    figures: str
    failures: tuple[str, ...] = ()


def w1() -> Measured:
    """0 false breaks: each happens again, where it was said to, from its printed line; and 0 that were not seen."""
    failures, count, found = [], 0, 0
    for number, client in enumerate(CLIENTS):
        with project(uploads(client)) as suite, ThreadPool(2) as pool:
            rehearsal = suite.rehearse("all").rehearsal
            together = [{"reproduce": one["reproduce"], "place": ""} for one in rehearsal["joint"]]
            breaks = [*rehearsal["breaks"], *together]
            mine = breaks[number :: len(CLIENTS)]  # all of them, with one client or another
            again = pool.map(lambda one: suite.breaks_again(one["reproduce"]), mine)
            found, count = found + len(breaks), count + len(mine)
            failures += [
                f"{client}: {one['reproduce']} ends with {ran.status}"
                for one, ran in zip(mine, again, strict=True)
                if ran.status != 1 or str(one["place"]).partition(" ")[0] not in ran.output
            ]
    with project(STATEFUL) as suite, ThreadPool(2) as pool:
        by_test = suite.rehearse("all").rehearsal["by_test"]
        alone = [one for one in by_test if not suite.run("-p", "no:cacheprovider", one["test"]).status]
        passed = [(one["test"], change) for one in alone for change in one["passes"]]
        tried = passed[::_SOME]
        again = pool.map(lambda one: suite.run("-p", "no:cacheprovider", one[0], "--hubfiles-change", one[1]), tried)
        failures += [
            f"not seen: {test} under {change}" for (test, change), ran in zip(tried, again, strict=True) if ran.status
        ]
    held = f"{len(tried):,} of {len(passed):,} passes hold"
    figures = f"{count:,} of {found:,} breaks happen again, {held}; {len(failures)} do not"
    return Measured("W1", "each break happens again from its line", figures, _few(failures))


def w2() -> Measured:
    """0 tests recoloured, 0 files changed, with tests that keep state; in one process that must fail."""
    with project(STATEFUL) as suite:
        before = suite.files()
        apart = suite.rehearse("all")
        changed = sorted(set(before.items()) ^ set(suite.files().items()))
        together = suite.rehearse("all", "-p", "rehearsals.one_process")
    failures = [] if apart.status in (0, 1) and " failed" not in apart.output else ["a test changed its colour"]
    failures += [f"changed: {name}" for name, _ in changed]
    failures += [f"not rehearsed: {one}" for one in apart.rehearsal["refused"]]
    differing, refused = set(apart.verdicts.items()) ^ set(together.verdicts.items()), together.rehearsal["refused"]
    if not (differing or refused):
        failures.append("in one process nothing goes wrong: the control fails")
    figures = (
        f"{apart.rehearsal['runs']:,} runs of {apart.rehearsal['tests']} tests, {len(failures)} wrong; in one process "
        f"{len(differing):,} verdicts differ and {len(refused)} tests are refused"
    )
    return Measured("W2", "nothing is recoloured or changed", figures, _few(failures))


def w3() -> Measured:
    """The same verdicts serial and with two workers, with the last result and without."""
    failures, count = [], 0
    with project(uploads("requests") + RELATED) as suite:
        serial = suite.rehearse("all")
        ways = {
            "two workers": suite.rehearse("all", "-n", "2"),
            "the first with a cache": suite.rehearse("all", "cached"),
            "the second with a cache": suite.rehearse("all", "cached"),
        }
        for way, ran in ways.items():
            count += sum(ran.rehearsal["tried"].values())
            differing = set(serial.verdicts.items()) ^ set(ran.verdicts.items())
            failures += [f"{way}: {one}" for one in sorted(differing)]
            if ran.rehearsal["tried"] != serial.rehearsal["tried"]:
                failures.append(f"{way}: other changes were tried")
    guessed = ways["the second with a cache"].rehearsal["runs"]
    runs = f"{serial.rehearsal['runs']:,} runs, {guessed:,} with the last result"
    figures = f"{count:,} verdicts, {len(failures)} differ; {runs}"
    return Measured("W3", "the same verdicts, however they are found", figures, _few(failures))


def w4() -> Measured:
    """Every shape of loop ends, by counts."""
    with tempfile.TemporaryDirectory(prefix="hubfiles-rehearsal-") as folder:  # recording would really sleep
        suite = replaying(Path(folder), LOOPS, whole_import())
        ran = suite.rehearse("allowed", f"--hubfiles-rehearse-only={_ENUM}")
    found = {test.rpartition("::")[2]: verdict for (test, change), verdict in ran.verdicts.items() if change == _ENUM}
    undecided = [name for name, verdict in LOOP_VERDICTS.items() if verdict == "undecided"]
    failures = [f"{n}: {found.get(n)}" for n, v in LOOP_VERDICTS.items() if v != "undecided" and found.get(n) != v]
    failures += [f"{name}: {found[name]}" for name in undecided if name in found]
    if undecided and _ENUM not in ran.rehearsal["not_tried"]:
        failures.append("what is undecided is not named")
    figures = f"{len(LOOP_VERDICTS)} loops, {len(failures)} wrong"
    return Measured("W4", "every loop ends, by counts", figures, _few(failures))


def w5() -> Measured:
    """A rehearsed run costs at most 2 of a plain replayed test in processor time; 16 tests take at most 30 s."""
    with project(uploads("requests")) as suite:
        source = suite.folder / "test_suite.py"
        source.write_text(f"{source.read_text('utf-8')}{_COPIED}", "utf-8")
        rounds = [_costs(suite) for _ in range(_ROUNDS)]
        before = time.monotonic()
        rehearsed = suite.rehearse("allowed", "-k", "not copy", "-n", "2").rehearsal["tests"]
        wall = time.monotonic() - before
    one, many, cost, system, runs = map(min, zip(*rounds, strict=True))  # what else is busy only adds
    each, a_test = (cost - one) / runs, (many - one) / _COPIES
    failures = [f"{each / a_test:.1f} times a plain test"] if each > _MOST_TIMES * a_test else []
    failures += [f"16 tests take {wall:.0f} s"] if wall > _MOST_SECONDS else []
    failures += [f"{rehearsed} tests were rehearsed"] if rehearsed != _TESTS else []
    figures = (
        f"{each * 1000:.0f} ms a run, {system / runs * 1000:.0f} of them the system's, "
        f"{a_test * 1000:.0f} ms a plain replayed test, {each / a_test:.1f} times; "
        f"{rehearsed} tests take {wall:.0f} s with two workers"
    )
    return Measured("W5", "a run costs at most 2 times a plain replayed test", figures, tuple(failures))


def _costs(suite: Project) -> tuple[float, float, float, float, int]:
    """Return the processor time of a plain replayed test, of it and its copies, of a rehearsal, and its runs.

    What the system takes of a rehearsal, to fork processes and to copy what these write to, is the last but one.
    """
    skipped = "--hubfiles-sleep=skip"
    (one, _, _), (many, _, _) = (_seconds(suite, skipped, "-k", tests) for tests in ("test_url", "test_url or copy"))
    chosen = "not copy and not again"
    cost, system, ran = _seconds(suite, "--hubfiles-rehearse=allowed", "-p", "no:cacheprovider", "-k", chosen)
    return one, many, cost, system, ran.rehearsal["runs"] + 2 * ran.rehearsal["tests"]  # with the controls


_COPIED: Final = f"""
@pytest.mark.hubfiles(cassette="test_suite/test_url")
@pytest.mark.parametrize("number", range({_COPIES}))
def test_copy(hubfiles, number):
    test_url(hubfiles)

AGAIN = [
    pytest.param(test, marks=pytest.mark.hubfiles(cassette="test_suite/" + test.__name__))
    for test in (test_one_of_two, test_duration, test_lenient, test_strict) * 3
]
@pytest.mark.parametrize("test", AGAIN[1:])
def test_again(hubfiles, test):
    test(hubfiles)
"""
"""One test many times, as what it takes drowns in what a run takes; and the others again, to make up 16."""


def w6() -> Measured:
    """The same verdicts with each client, but where clients themselves differ."""
    verdicts = {}
    for client in (*CLIENTS, *OFFICIAL):
        with project(uploads(client)) as suite:
            verdicts[client] = suite.rehearse("all").verdicts
    first = set(verdicts["requests"].items())
    differing = [(c, one) for c, found in verdicts.items() for one in sorted(set(found.items()) ^ first)]
    failures = [f"{c}: {one}" for c, one in differing if c not in _OWN_WAYS or _OWN_WAYS[c] not in one[0][1]]
    figures = f"{len(verdicts)} clients, {sum(map(len, verdicts.values())):,} breaks, {len(failures)} differ"
    return Measured("W6", "the same with every client", figures, _few(failures))


_OWN_WAYS: Final = {
    "urllib3": "import-start redirect login",  # it sends a POST again after a 302, the others a GET
    "hubspot-api-client": "outage stall",  # it waits without a time-out, and takes none
}


PROMISES: Final = (w1, w2, w3, w4, w5, w6)


def _seconds(suite: Project, *args: str) -> tuple[float, float, Ran]:
    """Return the processor time that a run takes, its children and theirs included, the system's part, and the run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = suite.run(*args)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    system = after.ru_stime - before.ru_stime
    return after.ru_utime - before.ru_utime + system, system, ran


def _few(failures: list[str]) -> tuple[str, ...]:
    return tuple(failures[:20])


def table(measured: list[Measured]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| | promise | measured |"
    yield "|---|---|---|"
    for one in measured:
        yield f"| {one.promise} | {one.title} | {one.figures} |"
