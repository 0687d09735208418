"""``make rehearsal``: measure what a rehearsal promises, and print the table at the end."""

from __future__ import annotations

import signal
import sys
import time

from rehearsals.promises import PROMISES, table


def main() -> int:
    """Measure the promises named on the command line, or all; return 1 if one does not hold."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the folders of its projects are removed
    wanted = [word.lower() for word in sys.argv[1:]]
    measured = []
    for promise in PROMISES:
        if wanted and promise.__name__ not in wanted:
            continue
        started = time.monotonic()
        one = promise()
        measured.append(one)
        print(f"{one.promise} {one.title}: {one.figures} ({time.monotonic() - started:.0f} s)", flush=True)
        print(*(f"  {failure}" for failure in one.failures), sep="\n" if one.failures else "", flush=True)
    print(*table(measured), sep="\n")
    return 1 if any(one.failures for one in measured) else 0


if __name__ == "__main__":
    sys.exit(main())
