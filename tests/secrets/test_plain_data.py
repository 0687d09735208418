"""What is redacted as data stays data: of the same classes, and the same object where there is nothing to redact."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_hubfiles.secrets import redact_data


def redact(text: str) -> str:
    return text.replace("seen", "SCRUBBED")


def test_what_holds_a_credential_is_copied() -> None:
    """Texts and bytes in dicts, lists, tuples and sets are redacted in a copy, keys too; all other objects stay."""
    other = object()
    given = {"seen": ["a seen one", (b"seen", 1, None)], "other": other, "set": {"seen", 2}}
    assert redact_data(given, redact) == {
        "SCRUBBED": ["a SCRUBBED one", (b"SCRUBBED", 1, None)],
        "other": other,
        "set": {"SCRUBBED", 2},
    }
    assert given["seen"] == ["a seen one", (b"seen", 1, None)]


class Text(str):
    """A text of a class of its own."""


@pytest.mark.parametrize("given", ["plain", b"\xff", 1, None, ["plain", {"a": (1, b"x")}], Text("plain")])
def test_what_holds_none_is_the_same_object(given: object) -> None:
    """Whoever gets it finds what was logged, to the object."""
    assert redact_data(given, redact) is given


def test_what_holds_itself() -> None:
    """Each object is looked at once, however many ways lead to it, and a copy holds itself as it did."""
    root: dict[str, Any] = {"name": "root", "children": []}
    root["children"] += [{"name": f"child {number}", "parent": root, "all": root["children"]} for number in range(30)]
    asked: list[str] = []

    def ask(text: str) -> str:
        asked.append(text)
        return redact(text)

    assert redact_data(root, ask) is root
    texts = 31 + 2 + 30 * 3  # names, and all keys
    assert len(asked) == texts

    root["children"][7]["name"] = "seen"
    copied: Any = redact_data(root, ask)
    assert len(asked) <= 3 * texts
    assert copied["children"][7]["name"] == "SCRUBBED"
    assert copied["children"][7]["parent"] is copied
    assert copied["children"][8]["all"] is copied["children"]
