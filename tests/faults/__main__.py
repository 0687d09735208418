"""``make faults``: inject every fault, print what each cost and the table at the end."""

from __future__ import annotations

import sys
import time

from helpers import unhurried  # noqa: F401  # before Hypothesis is asked for anything

from faults.ledger import rows, table


def main() -> int:
    """Run the rows named on the command line, or all of them; return 1 if a promise does not hold."""
    wanted = sys.argv[1:]
    outcomes = []
    for module in rows():
        name = module.__name__.rpartition(".")[2]
        if wanted and not any(name.startswith(word.lower()) for word in wanted):
            continue
        started = time.monotonic()
        outcome = module.run(bounded=False)
        outcomes.append(outcome)
        print(
            f"{outcome.promise} {outcome.title}: {outcome.injected:,} faults, {len(outcome.failures)} {outcome.cost}"
            f" ({time.monotonic() - started:.0f} s)",
            *(f"  {failure}" for failure in outcome.failures[:20]),
            sep="\n",
            flush=True,
        )
    print(f"\n{table(outcomes)}")
    return 0 if outcomes and all(outcome.holds for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
