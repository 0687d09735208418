"""What is promised of the plugin's speed, as a table: each figure, what it is measured against, and its limit."""

from __future__ import annotations

import math
import shutil
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from benchmarks.processes import Cost, Process
from benchmarks.suites import NOTHING, UNCOLLECTED

OURS, BARE, RECORDING, CASSETTER = "ours", "bare", "recording", "cassetter"
TESTS = 150
_COUNTED = 30  # tests whose instructions are counted: valgrind takes fifty times as long
Costs = Mapping[Process, Sequence[Cost]]

_NONE = {RECORDING: ("--record-mode=none",), CASSETTER: ("--record-mode=none",)}
_RECORD = {
    OURS: ("--hubfiles-record=rewrite", "--hubfiles-base-url=BENCH_SERVER"),
    RECORDING: ("--record-mode=rewrite",),
    CASSETTER: ("--record-mode=rewrite",),
}
_EXTEND = {
    OURS: ("--hubfiles-record=new_episodes", "--hubfiles-base-url=BENCH_SERVER"),
    RECORDING: ("--record-mode=new_episodes",),
    CASSETTER: ("--record-mode=new_episodes",),
}


@dataclass(frozen=True)
class Whole:
    """The CPU time of a whole process, in ms; its instructions in millions if these are counted."""

    process: Process

    @property
    def processes(self) -> list[Process]:
        """What has to be run for it."""
        return [self.process]

    def of(self, costs: Costs) -> list[float]:
        """Return the figure of each round."""
        return [c.instructions / 1e6 if self.process.counted else c.seconds * 1e3 for c in costs[self.process]]

    @property
    def unit(self) -> str:
        """What the figure is in."""
        return "M instructions" if self.process.counted else "ms"


@dataclass(frozen=True)
class Peak:
    """The peak memory of a process, in MB."""

    process: Process

    @property
    def processes(self) -> list[Process]:
        """What has to be run for it."""
        return [self.process]

    def of(self, costs: Costs) -> list[float]:
        """Return the figure of each round."""
        return [cost.megabytes for cost in costs[self.process]]

    unit = "MB"


@dataclass(frozen=True)
class Each:
    """What each test (or exchange) more costs: the process with many less the process with one."""

    many: Process
    one: Process

    @property
    def processes(self) -> list[Process]:
        """What has to be run for it."""
        return [self.many, self.one]

    def of(self, costs: Costs) -> list[float]:
        """Return the figure of each round."""
        assert self.many.suite is not None
        assert self.one.suite is not None
        more = self.many.suite[1] - self.one.suite[1]
        pairs = zip(Whole(self.many).of(costs), Whole(self.one).of(costs), strict=False)
        return [(many - one) / more for many, one in pairs]

    def counted(self) -> Each:
        """Return the same in instructions."""
        assert self.many.suite is not None
        kind, size = self.many.suite
        arguments = (*self.many.arguments, "-p", UNCOLLECTED)
        many = replace(self.many, suite=(kind, min(size, _COUNTED)), arguments=arguments, counted=True, repeats=False)
        return Each(many, replace(many, suite=(kind, 1)))

    @property
    def unit(self) -> str:
        """What the figure is in."""
        return Whole(self.many).unit


@dataclass(frozen=True)
class Printed:
    """A time that the process took itself, in ms."""

    process: Process
    name: str

    @property
    def processes(self) -> list[Process]:
        """What has to be run for it."""
        return [self.process]

    def of(self, costs: Costs) -> list[float]:
        """Return the figure of each round."""
        return [cost.printed[self.name] * 1e3 for cost in costs[self.process]]

    unit = "ms"


@dataclass(frozen=True)
class Growth:
    """With which power of the size the time grows: 1 is linear. The smallest process is the start-up."""

    sizes: tuple[int, ...]
    by_size: tuple[Process, ...]
    start: Process

    @property
    def processes(self) -> list[Process]:
        """What has to be run for it."""
        return [self.start, *self.by_size]

    def of(self, costs: Costs) -> list[float]:
        """Return the figure of each round."""
        start = statistics.median(Whole(self.start).of(costs))
        rounds = zip(*(Whole(process).of(costs) for process in self.by_size), strict=False)
        return [_slope(self.sizes, [max(spent - start, 0.1) for spent in found]) for found in rounds]

    unit = "exponent"


@dataclass(frozen=True)
class PrintedGrowth:
    """The same of times that a process took itself."""

    process: Process
    names: tuple[tuple[int, str], ...]

    @property
    def processes(self) -> list[Process]:
        """What has to be run for it."""
        return [self.process]

    def of(self, costs: Costs) -> list[float]:
        """Return the figure of each round."""
        sizes = [size for size, _ in self.names]
        return [_slope(sizes, [cost.printed[name] for _, name in self.names]) for cost in costs[self.process]]

    unit = "exponent"


def _slope(sizes: Sequence[int], times: Sequence[float]) -> float:
    """Return the slope of the line through the logarithms."""
    xs, ys = [math.log(size) for size in sizes], [math.log(time) for time in times]
    x, y = statistics.mean(xs), statistics.mean(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


Quantity = Whole | Peak | Each | Printed | Growth | PrintedGrowth


@dataclass(frozen=True)
class Figure:
    """One line of the table: ours, what it is held against (None for a figure that stands alone), and the limit.

    ``limit`` is None where nothing is promised and the figure is told to compare with. ``floor`` is what could not be
    gone below: pytest's and the client's own work, or that of vcrpy's stubs.
    """

    promise: str
    what: str
    ours: Quantity
    peer: str | None
    theirs: Quantity | None
    limit: float | None
    floor: Each | None = None

    @property
    def processes(self) -> list[Process]:
        """What has to be run for it."""
        return [process for side in (self.ours, self.theirs, self.floor) if side for process in side.processes]

    def counted(self) -> Figure:
        """Return the same in instructions, which nothing else on the machine disturbs."""
        assert isinstance(self.ours, Each)
        assert isinstance(self.theirs, Each)
        floor = self.floor and self.floor.counted()
        return replace(self, ours=self.ours.counted(), theirs=self.theirs.counted(), floor=floor)

    def result(self, costs: Costs) -> Result:
        """Return what the rounds came to."""
        ours = self.ours.of(costs)
        theirs = self.theirs.of(costs) if self.theirs else []
        ratios = [a / b for a, b in zip(ours, theirs, strict=False)] if theirs else ours
        floor = [a / b for a, b in zip(self.floor.of(costs), theirs, strict=False)] if self.floor else []
        return Result(self, tuple(ours), tuple(theirs), tuple(ratios), statistics.median(floor) if floor else None)


@dataclass(frozen=True)
class Result:
    """What the rounds of a figure came to."""

    figure: Figure
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    ratios: tuple[float, ...]
    floor: float | None

    @cached_property
    def ratio(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.ratios)

    @property
    def kept(self) -> bool | None:
        """Whether the promise is kept; None where nothing is promised."""
        return None if self.figure.limit is None else self.ratio <= self.figure.limit


def _replay(environment: str, kind: str, size: int, *, repeats: bool = True) -> Process:
    return Process(environment, (kind, size), _NONE.get(environment, ()), repeats=repeats)


def each(environment: str, kind: str, size: int = TESTS) -> Each:
    """Return what each of *size* tests of the suite *kind* costs to replay."""
    return Each(_replay(environment, kind, size), _replay(environment, kind, 1))


def _recorded(environment: str, kind: str, size: int) -> Each:
    arguments = () if kind == "stubs-one" else _RECORD.get(environment, ())
    return Each(Process(environment, (kind, size), arguments), Process(environment, (kind, 1), arguments))


def _one(environment: str, size: int) -> Whole:
    return Whole(_replay(environment, "one", size))


def _inside(*arguments: str, environment: str = OURS, repeats: bool = True) -> Process:
    return Process(environment, None, ("-m", "benchmarks.inside", *arguments), repeats=repeats)


def _unused(environment: str, size: int, *more: str) -> Process:
    counted = shutil.which("valgrind") is not None
    return Process(environment, ("unused", size), more, counted=counted, repeats=not counted)


_WITHOUT = ("-p", "no:pytest_hubfiles")
_SIZES = (500, 1_000, 3_000, 10_000)
_PEER_SIZES = (500, 1_000, 1_500)  # cassetter refuses a file of more than 250,000 values
_SMALL = (100, 200, 400)
_JUDGING, _CORPUS, _COMPARING = _inside("judging"), _inside("corpus"), _inside("comparing")
_OFF = "pytest without it"


def _extended(environment: str, size: int) -> Process:
    return Process(environment, ("extend", size), _EXTEND[environment])


FIGURES: tuple[Figure, ...] = (
    Figure(
        "P1", "a run of 1 test, nothing used", Whole(_unused(OURS, 1)), _OFF, Whole(_unused(OURS, 1, *_WITHOUT)), 1.01
    ),
    Figure(
        "P1",
        "the same, its dependencies not installed either",
        Whole(_unused(OURS, 1)),
        BARE,
        Whole(_unused(BARE, 1)),
        None,
    ),
    Figure(
        "P2",
        "each test that uses nothing",
        Each(_unused(OURS, TESTS), _unused(OURS, 1)),
        _OFF,
        Each(_unused(OURS, TESTS, *_WITHOUT), _unused(OURS, 1, *_WITHOUT)),
        1.05,
    ),
    *(
        Figure(promise, f"{count}, {client}", each(OURS, kind), peer, each(peer, kind), limit, each(BARE, kind))
        for promise, count, limits in (
            ("P3", "each test of one exchange", {RECORDING: 0.40, CASSETTER: 1.0}),
            ("P4", "each test of five polls", {RECORDING: 0.45, CASSETTER: 1.0}),
        )
        for client in ("requests", "httpx")
        for kind in ([client] if promise == "P3" else [f"five-{client}"])
        for peer, limit in limits.items()
    ),
    *(
        Figure(
            "P5",
            f"a process with one test, {client}",
            Whole(_replay(OURS, client, 1)),
            peer,
            Whole(_replay(peer, client, 1)),
            limit,
        )
        for client in ("requests", "httpx")
        for peer, limit in ((RECORDING, 0.75), (CASSETTER, None))
    ),
    *(
        Figure(
            "P6",
            f"each test with {client} built in it",
            each(OURS, kind, 40),
            peer,
            each(peer, kind, 40),
            limit if peer == RECORDING else None,
        )
        for client, kind, limit in (
            ("httpx.Client", "own-httpx", 0.10),
            ("hubspot-sdk", "own-hubspot-sdk", 0.10),
            ("hubspot-api-client", "own-hubspot-api-client", None),  # reads no certificates before it connects
        )
        for peer in (RECORDING, CASSETTER)
    ),
    Figure(
        "P7",
        "replay, power of the size from 500 to 10,000",
        Growth(_SIZES, tuple(_replay(OURS, "one", size) for size in _SIZES), _replay(OURS, "one", 1)),
        None,
        None,
        1.1,
    ),
    *(
        Figure("P7", f"replay of {size:,}", _one(OURS, size), CASSETTER, _one(CASSETTER, size), 1.0)
        for size in _PEER_SIZES
    ),
    *(Figure("P7", f"replay of {size:,}", _one(OURS, size), RECORDING, _one(RECORDING, size), None) for size in _SMALL),
    Figure(
        "P7",
        "load of 1,000",
        Printed(_inside("loading", OURS, "1000"), "load"),
        "vcrpy",
        Printed(_inside("loading", RECORDING, "1000", environment=RECORDING), "load"),
        0.4,
    ),
    Figure(
        "P7",
        "peak memory, replay of 10,000 against load alone",
        Peak(_replay(OURS, "one", 10_000)),
        "vcrpy",
        Peak(_inside("loading", RECORDING, "10000", environment=RECORDING, repeats=False)),
        0.3,
    ),
    Figure("P8", "judge a good body", Printed(_JUDGING, "body"), "iter_errors", Printed(_JUDGING, "iter_errors"), 0.03),
    Figure(
        "P8",
        "judge a good exchange, headers and all",
        Printed(_JUDGING, "exchange"),
        "iter_errors",
        Printed(_JUDGING, "iter_errors"),
        None,
    ),
    Figure("P8", "check 100 cassettes", Printed(_CORPUS, "ours"), "libyaml, jsonschema", Printed(_CORPUS, "bare"), 0.6),
    Figure(
        "P9",
        "drift check without drift",
        Printed(_COMPARING, "ours"),
        "DeepDiff",
        Printed(_COMPARING, "deepdiff"),
        0.02,
    ),
    Figure(
        "P9",
        "one drifted element in 1,000",
        Printed(_COMPARING, "ours 1000"),
        "DeepDiff",
        Printed(_COMPARING, "deepdiff 1000"),
        0.03,
    ),
    Figure(
        "P9",
        "the same, power of the size to 10,000",
        PrintedGrowth(_COMPARING, ((1_000, "ours 1000"), (10_000, "ours 10000"))),
        None,
        None,
        1.1,
    ),
    *(
        Figure(
            "P10",
            f"record, {what}",
            _recorded(environment, kind, size),
            "plain requests",
            _recorded(BARE, kind, size),
            limit if environment == OURS else None,
            _recorded(OURS, "stubs-one", size) if limit and environment == OURS else None,
        )
        for environment in (OURS, RECORDING, CASSETTER)
        for what, kind, size, limit in (
            (f"each exchange of a test of 300 ({environment})", "record-one", 300, 1.5),
            (f"each test of one exchange ({environment})", "record", TESTS, None),
        )
    ),
    Figure(
        "P10",
        "add one exchange, power of the size",
        Growth(_SIZES[:3], tuple(_extended(OURS, size) for size in _SIZES[:3]), _extended(OURS, 1)),
        None,
        None,
        1.1,
    ),
)
"""Every figure; their order is that of the table."""

_ALONE = ("--disable-plugin-autoload", "-p", UNCOLLECTED)
_READ = (
    "from pathlib import Path; from pytest_hubfiles import cassettes\n"
    "for path in Path('cassettes').glob('*/*'): cassettes.read(path)"
)
_LOAD = (
    "import sys, yaml; from pathlib import Path\n"
    "for side in sys.argv[1:]:\n"
    "  for path in Path(side).glob('*/*'): yaml.load(path.read_bytes(), yaml.CSafeLoader)"
)


def _each_cassette(form: str, *arguments: str) -> Each:
    few, many = (
        Process(OURS, (f"corpus-{form}", size), arguments, counted=True, repeats=False, runs_pytest=False)
        for size in (1, 21)
    )
    return Each(many, few)


_WRITERS = {OURS: "as we write it", RECORDING: "as vcrpy writes it", CASSETTER: "as cassetter writes it"}
_LOADED = Figure(
    "P1",
    "a run of 1 test, nothing used, loaded with -p",
    Whole(_unused(OURS, 1, *_ALONE, "-p", "pytest_hubfiles")),
    "-p of an empty module",
    Whole(_unused(OURS, 1, *_ALONE, "-p", NOTHING)),
    1.003,
)
_CORPORA: tuple[Figure, ...] = (
    *(
        Figure(
            "P7",
            f"read a cassette {how}",
            _each_cassette(form, "-c", _READ),
            "our form",
            _each_cassette(OURS, "-c", _READ),
            1.5,
        )
        for form, how in _WRITERS.items()
        if form != OURS
    ),
    *(
        Figure(
            "P8",
            f"check a cassette {how}",
            _each_cassette(form, "-m", "pytest_hubfiles", "check", "cassettes"),
            "libyaml",
            _each_cassette(form, "-c", _LOAD, "cassettes"),
            1.5,
        )
        for form, how in _WRITERS.items()
    ),
    *(
        Figure(
            "P9",
            f"compare a cassette {how} with another",
            _each_cassette(form, "-m", "pytest_hubfiles", "diff", "cassettes", "others"),
            "libyaml",
            _each_cassette(form, "-c", _LOAD, "cassettes", "others"),
            1.5,
        )
        for form, how in _WRITERS.items()
    ),
)
"""What is read, checked and compared, whoever wrote it."""

COUNTED: tuple[Figure, ...] = (
    _LOADED,
    *(
        figure.counted()
        for figure in FIGURES
        if figure.limit and isinstance(figure.ours, Each) and figure.promise != "P2"  # which is counted anyway
    ),
    *_CORPORA,
)
"""Those of a few milliseconds, which a busy machine disturbs most, in instructions."""
