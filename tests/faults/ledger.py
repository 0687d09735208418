"""What a row of the fault table says, and how the table is printed."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import ModuleType

from helpers import unhurried  # noqa: F401  # before a row says what it wants of Hypothesis

import faults


@dataclass(frozen=True)
class Outcome:
    """What came of the faults of one promise.

    ``cost`` says what a fault that gets through would be: ``lost``, ``leaked``, ``escaped``, ``hung``; ``failures``
    names each that did. ``control`` is whether the positive control failed as it must: the same faults against an
    unguarded substitute for our code; if they do not get through there, this row is blind.
    """

    promise: str
    title: str
    injected: int
    cost: str
    control: bool
    failures: tuple[str, ...] = field(default=())

    @property
    def holds(self) -> bool:
        """Whether faults were injected, none got through, and the control shows that one would be noticed."""
        return self.injected > 0 and not self.failures and self.control


def rows() -> Iterator[ModuleType]:
    """Import the modules of the fault suite, in the order of their promises."""
    for module in sorted(pkgutil.iter_modules(faults.__path__), key=lambda module: module.name):
        if module.name.startswith("r"):
            yield importlib.import_module(f"faults.{module.name}")


def table(outcomes: Iterable[Outcome]) -> str:
    """Return *outcomes* as a table in Markdown."""
    lines = ["| | promise | faults injected | got through | control |", "|---|---|---|---|---|"]
    for o in outcomes:
        control = "fails" if o.control else "BLIND"
        lines.append(f"| {o.promise} | {o.title} | {o.injected:,} | {len(o.failures)} {o.cost} | {control} |")
    return "\n".join(lines)


def run_whole(name: str) -> Outcome:
    """Inject every fault of the row whose module has this *name*."""
    outcome: Outcome = importlib.import_module(name).run(bounded=False)
    return outcome
