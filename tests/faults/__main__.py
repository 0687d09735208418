"""``make faults``: inject every fault, print what each cost and the table at the end.

Each row has a process of its own: what one has broken off does not stand in the way of the next.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from faults.ledger import rows, run_whole, table


def main() -> int:
    """Run the rows named on the command line, or all of them; return 1 if a promise does not hold."""
    wanted = sys.argv[1:]
    outcomes = []
    for module in rows():
        name = module.__name__.rpartition(".")[2]
        if wanted and not any(name.startswith(word.lower()) for word in wanted):
            continue
        started = time.monotonic()
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as apart:
            outcome = apart.submit(run_whole, module.__name__).result()
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
