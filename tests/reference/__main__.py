"""Writes the parts of the reference that are made from the code: ``make reference``."""

from __future__ import annotations

from reference.blocks import pages, renewed

for path in pages():
    old = path.read_text(encoding="utf-8")
    new = renewed(old)
    if new != old:
        path.write_text(new, encoding="utf-8")
        print(f"written: {path}")
