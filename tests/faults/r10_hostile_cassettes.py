"""R10: a hostile cassette ends in one error with the file, the line and what to do, within bounds."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import yaml
from helpers.downstream import whole_import
from helpers.hostile import BOMB, UNREADABLE, one

from faults.apart import Case, limit_memory, survive, watch, within
from faults.ledger import Outcome
from pytest_hubfiles import cassettes
from pytest_hubfiles.model.body import BodyNotJsonError

_TIMES: Final = 200  # what json.loads takes for as many megabytes of numbers; a good file takes less than 20
_MEGABYTES: Final = 600  # beyond what the process has once it has imported everything
_LARGE: Final[dict[str, Callable[[], bytes]]] = {
    "64 MB of numbers": lambda: b"a: [" + b"1," * 31_900_000 + b"]\n",
    "16 MB of lists": lambda: b"a: [" + b"[]," * 5_000_000 + b"]\n",
    "64 MB of one text": lambda: b"a: '" + b"x" * 63_000_000 + b"'\n",
    "64 MB of one line": lambda: b"x" * 63_000_000,
    "64 MB of blanks": lambda: b" " * 63_000_000,
    "64 MB of line ends": lambda: b"\n" * 63_000_000 + b"a: 1",
    "64 MB of brackets": lambda: b"[" * 63_000_000,
    "64 MB of comments": lambda: b"#x\n" * 21_000_000,
    "64 MB of documents": lambda: b"---\n" * 15_000_000,
    "64 MB of emoji": lambda: b"a: '" + "😀".encode() * 15_000_000 + b"'\n",
    "500,000 anchors": lambda: b"a:\n" + b"".join(b"- &a%d x\n" % n for n in range(500_000)),
    "64 MB of questions": lambda: b"? " * 31_000_000,
    "65 MB": lambda: b"#" * 65_000_000,
}
GOOD: Final = (
    cassettes.dump(whole_import()),
    yaml.safe_dump(yaml.safe_load(cassettes.dump(whole_import())), default_flow_style=True).encode(),
    one("    headers: &h {A: [b]}\n    body: !!binary aGk=\n", "    headers: *h\n    body: {string: 'é'}\n").encode(),
    one(
        "    body: !!python/object/new:_io.BytesIO\n      state: !!python/tuple [!!binary aGk=, 0, null]\n",
        "    body: {string: {a: [1, 2.5, null, true, 2026-01-01]}}\n",
    ).encode(),
)
_PIECES: Final = (
    b"\xff", b"\x00", b"\t", b"[", b"{", b"}", b"*a", b"&a ", b"!!python/object/apply:os.system [touch ran]", b"<<: ",
    b"\n---\n", b"'", b'"', b": ", b"- ", b"\n", b"!!int ", b"!!binary ", b"|", b"? ", b"9" * 5000, b"\xe2\x80\xa8",
    b"!!timestamp ", b"!!set ", b"%YAML 9.9\n", b"http://[x", b"\xf0\x9f\x98\x80", b"\r", BOMB.encode(), b"[" * 2000,
)  # fmt: skip


def mutations(number: int) -> Iterator[tuple[str, bytes]]:
    """Yield so many cassettes that were good before they were cut, flipped or spliced."""
    drawn = random.Random(10)
    for count in range(number):
        content = bytearray(drawn.choice(GOOD))
        kind = ("cut", "flip", "splice")[count % 3]
        for _ in range(drawn.choice((1, 1, 1, 2, 5))):
            place = drawn.randrange(len(content) or 1)
            if kind == "cut":
                del content[place : drawn.choice((len(content), place + drawn.randint(1, 200)))]
            elif kind == "flip" and content:
                content[place] ^= 1 << drawn.randrange(8)
            else:
                other = drawn.choice(GOOD)
                start = drawn.randrange(len(other))
                content[place:place] = drawn.choice(
                    (drawn.choice(_PIECES), other[start : start + drawn.randint(1, 300)])
                )
        yield f"{kind} {count}", bytes(content)


def corpus(bounded: bool) -> Iterator[tuple[str, bytes, bool]]:
    """Yield name, content, and whether it must be refused."""
    for name, (content, _, _) in UNREADABLE.items():
        yield name, content.encode() if isinstance(content, str) else content, True
    for name, large in _LARGE.items():
        if not bounded or name == "65 MB":
            yield name, large(), True
    for name, content in mutations(100 if bounded else 5_000):
        yield name, content, False


Check = Callable[[Path, bool], str]


def _ours(path: Path, must_fail: bool) -> str:
    try:
        found = cassettes.read(path)
    except cassettes.CassetteUnreadableError as error:
        has_line = error.line is not None or "MB, more than" in error.reason
        return "" if path.name in str(error) and has_line else f"it names no file or line: {error}"
    if must_fail:
        return "it was read"
    if not found:
        return "it is silently empty"
    for interaction in found:
        try:
            _use(interaction)
        except BodyNotJsonError:
            continue
    return ""


def _use(interaction: Any) -> None:
    """Ask of an interaction what the plugin asks of it."""
    for name in ("path", "is_hubspot", "media_type", "match_key", "task_status", "started_task", "transient", "body"):
        getattr(interaction, name)
    interaction.plain()
    cassettes.dump([interaction])
    interaction.json  # noqa: B018


def _unguarded(path: Path, must_fail: bool) -> str:
    """Read as old vcrpys do: the positive control."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.UnsafeLoader)
        for item in document["interactions"]:
            item["request"]["uri"], item["response"]["status"]["code"]
    except Exception as error:  # noqa: BLE001  # whatever it is, the file should be named
        return "" if path.name in str(error) else f"it names no file: {error!r}"
    return "it was read" if must_fail else ""


_CONTROL: Final = ("code to run", "interaction null", "no response", "key twice", "empty", "impossible date")


def _cases(
    check: Callable[[Path, bool], str], folder: Path, files: Iterable[tuple[str, bytes, bool]]
) -> Iterator[Case]:
    path = folder / "test_hostile.yaml"

    def tried(content: bytes, must_fail: bool) -> str:
        path.write_bytes(content)
        megabytes = max(1, len(content) / 2**20)
        del content
        with within(_TIMES, megabytes=megabytes):
            problem = check(path, must_fail)
        if (folder / "ran").exists():
            (folder / "ran").unlink()
            problem = "its code ran"
        return problem

    for title, content, must_fail in files:
        yield title, partial(tried, content, must_fail)


def _main(name: str, bounded: bool, folder: Path, start: int) -> None:
    os.chdir(folder)
    limit_memory(_MEGABYTES)
    if name == "ours":
        watch(_cases(_ours, folder, corpus(bounded)), folder, start)
    else:
        known = ((title, content, must) for title, content, must in corpus(True) if title in _CONTROL)
        watch(_cases(_unguarded, folder, known), folder, start)


def run(bounded: bool) -> Outcome:
    """Read every hostile file in a process with little memory and time."""
    injected, problems = survive(__name__, "ours", str(int(bounded)))
    _, control = survive(__name__, "unguarded", "1")
    title = "a hostile cassette ends in an error with file and line"
    return Outcome("R10", title, injected, "got by", bool(control), tuple(problems))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2] == "1", Path(sys.argv[3]), int(sys.argv[4]))
