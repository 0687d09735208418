"""The reference is as old as the code: what is made from it stands in the pages as it would be made now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.pages import PAGES, PROJECT
from reference.blocks import PARTS, named, pages, renewed


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_each_part_is_what_the_code_says(page: Path) -> None:
    """A setting, an option, a kind or a docstring that changed is written into its page by ``make reference``."""
    text = page.read_text(encoding="utf-8")
    assert text == renewed(text), "make reference writes it anew"


def test_each_part_stands_in_one_page() -> None:
    """Nothing that is made from the code is left out, or said twice."""
    assert sorted(name for page in pages() for name in named(page.read_text(encoding="utf-8"))) == sorted(PARTS)


def test_each_member_of_a_report_is_described() -> None:
    """What a tool finds in a report stands in the page: facts of the run, of a finding, of a rehearsal."""
    schema = json.loads((PROJECT / "pytest_hubfiles" / "report.schema.json").read_text(encoding="utf-8"))
    members = {f"$.{name}" for name in schema["properties"]}
    members |= {f"$.findings[*].{name}" for name in schema["$defs"]["finding"]["properties"]}
    for part in ("checked", "comparison", "rehearsal"):
        members |= {f"$.{part}.{name}" for name in schema["properties"][part]["properties"]}
    page = PAGES["docs/reference/reports.md"]
    assert [member for member in sorted(members) if f"| `{member}` |" not in page and member != "$.findings"] == []
