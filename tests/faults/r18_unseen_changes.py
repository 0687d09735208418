"""R18: a comparison of recordings is never green where what a consumer reads has changed, or could not be read."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner
from helpers.answers import CAT, COMPLETE
from helpers.downstream import polled

from faults.ledger import Outcome
from pytest_hubfiles import cassettes
from pytest_hubfiles.cli.main import main
from pytest_hubfiles.model.exchange import Interaction

_FEW: Final = 8
_COVERAGE: Final = frozenset({"state-appeared", "state-gone"})


def _answer(body: bytes) -> Interaction:
    return replace(polled("COMPLETE"), response_body=body)


def _file(**changed: Any) -> list[Interaction]:
    """Return answers whose file has these members; those that are ... are not in it."""
    file = {name: value for name, value in {**CAT, **changed}.items() if value is not ...}
    return [_answer(json.dumps({**COMPLETE, "result": file}).encode())]


WHOLE: Final = _file()
BODY: Final = WHOLE[0].response_body
CHANGES: Final[Mapping[str, tuple[list[Interaction], list[Interaction]]]] = {
    **{f"{name} gone": (WHOLE, _file(**{name: ...})) for name in CAT},
    **{f"{name} renamed": (WHOLE, _file(**{name: ..., f"{name}New": value})) for name, value in CAT.items()},
    **{f"{name} null": (WHOLE, _file(**{name: None})) for name in CAT},
    **{f"{name} only null": (WHOLE + _file(**{name: None}), _file(**{name: None})) for name in CAT},
    **{
        f"{name} far rarer": (WHOLE * 10 + _file(**{name: ...}), WHOLE + _file(**{name: ...}) * 10) for name in CAT
    },
    **{f"{name} of another type": (WHOLE, _file(**{name: [value]})) for name, value in CAT.items()},
    **{f"{name} is no number": (WHOLE, _file(**{name: "root"})) for name in ("id", "parentFolderId")},
    **{f"{name} is no UUID": (_file(**{name: "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf"}), WHOLE) for name in ("id",)},
    **{
        f"{name} is {value!r}": (WHOLE, _file(**{name: value}))
        for name in ("url", "defaultHostingUrl")
        for value in ("", "/hubfs/cat.png", "hubfs/cat.png", "//host/cat.png", "cat")
    },
    **{
        f"the body is {name}": (WHOLE, [_answer(body)])
        for name, body in {
            "empty": b"", "null": b"null", "cut": BODY[:-9], "garbage": b"\x00\xff",
            "with NaN": BODY[:-1] + b', "a": NaN}',
            "with a key twice": BODY[:-1] + b', "status": "COMPLETE"}', "twice": BODY * 2, "a page": b"<html></html>",
            "a text": b'"COMPLETE"', "a list": b"[" + BODY + b"]",
        }.items()
    },
}  # fmt: skip


def _findings(folder: Path) -> list[str]:
    done = CliRunner().invoke(main, ["diff", str(folder / "old.yaml"), str(folder / "new.yaml"), "--format", "json"])
    return [f["kind"] for f in json.loads(done.stdout)["findings"] if f["kind"] not in _COVERAGE]


def _naive(old: list[Interaction], new: list[Interaction]) -> bool:
    """Return whether statuses and media types alone show a change."""
    facts: Callable[[list[Interaction]], set[object]] = lambda side: {(i.status_code, i.media_type) for i in side}  # noqa: E731
    return facts(old) != facts(new)


def run(bounded: bool) -> Outcome:
    """Change one thing in a recording; ``hubfiles diff`` has to tell it."""
    chosen = list(CHANGES.items())[:: len(CHANGES) // _FEW] if bounded else list(CHANGES.items())
    failures, fooled = [], 0
    with tempfile.TemporaryDirectory() as temporary:
        for name, (old, new) in chosen:
            Path(temporary, "old.yaml").write_bytes(cassettes.dump(old))
            Path(temporary, "new.yaml").write_bytes(cassettes.dump(new))
            fooled += not _naive(old, new)
            if not _findings(Path(temporary)):
                failures.append(name)
    return Outcome(
        "R18", "never green on a change, comparing recordings", len(chosen), "green", fooled == len(chosen),
        tuple(failures),
    )  # fmt: skip
