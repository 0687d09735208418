"""A cassette of our own is read without YAML, and says what YAML says it does."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.downstream import interaction, whole_import
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes import own_form
from pytest_hubfiles.cassettes.errors import RefusedError
from pytest_hubfiles.cassettes.reading import by_yaml, interactions_in
from pytest_hubfiles.cassettes.writing import by_yaml as by_yaml_written
from pytest_hubfiles.model.exchange import Interaction

SHIPPED = sorted((Path(__file__).parents[2] / "cassettes").rglob("*.yaml"))
WHOLE = cassettes.dump([*whole_import(), interaction("POST", "/other", 400, {"a": "b c", "d": [1, None]})])


def quickly(content: bytes, piece: int | None = None) -> list[Interaction] | None:
    with pytest.MonkeyPatch.context() as patches:
        if piece is not None:
            patches.setattr(own_form, "_PIECE", piece)
        found = list(own_form.interactions_in(io.BytesIO(content)))
    return [i for i in found if i is not None] if found and found[-1] is None else None


def by_parser(content: bytes) -> list[Interaction] | None:
    try:
        return list(by_yaml(content, cassettes.USUAL))
    except RefusedError:
        return None


def same(one: list[Interaction] | None, other: list[Interaction] | None) -> bool:
    """Compare the lines they begin in as well."""
    lines = [[i.line for i in found or ()] for found in (one, other)]
    return one == other and lines[0] == lines[1]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parts[-5]}-{path.stem}")
def test_what_we_record_is_read_quickly(path: Path) -> None:
    """Every cassette of the project's own goes the quick way, to the same exchanges at the same lines."""
    content = path.read_bytes()

    assert quickly(content)
    assert same(quickly(content), by_parser(content))


TEXTS = st.text(st.characters(max_codepoint=0x17F), max_size=12) | st.sampled_from(
    ["yes", "No", "null", "on", "~", "1", "1.5", "2026-01-01", "a: b", "a:", "a #b", "#a", "- a", "'", "''", "a'b",
     " a", "a ", "*/*", "&a", "!a", "%a", "@a", "`a", "{a}", "[a]", "|", ">", "=", "<<", "?", "a\tb", "Y", "n",
     "a\\b", '"a"']
)  # fmt: skip
BODIES = st.text(st.sampled_from("{}[]\":,\\\n \t'|>-#ab1ä\u2028\x85\r"), max_size=30).map(str.encode) | st.binary(
    max_size=9
)
INTERACTIONS = st.builds(
    Interaction,
    st.sampled_from(["GET", "POST", "DELETE", "X"]),
    st.sampled_from(["", "/", "/a b", "/a?b=c&d=%20#e", "/é", "/a:b", "/a:", "?a", "/a/", "/'", "/a,b;c(d)!$*+~@"]).map(
        "https://api.hubapi.com{}".format
    ),
    st.dictionaries(TEXTS.filter(bool), st.lists(TEXTS, min_size=1, max_size=2).map(tuple), max_size=2),
    BODIES,
    st.integers(100, 999),
    TEXTS,
    st.dictionaries(TEXTS.filter(bool), st.lists(TEXTS, min_size=1, max_size=2).map(tuple), max_size=2),
    BODIES,
)


@settings(max_examples=400)
@given(st.lists(INTERACTIONS, min_size=1, max_size=3))
def test_whatever_we_write_is_read_as_yaml_reads_it(interactions: list[Interaction]) -> None:
    """Whether or not a cassette goes the quick way, it holds what YAML's parser says."""
    content = cassettes.dump(interactions)
    found = quickly(content)

    assert found is None or same(found, by_parser(content))


LINES = WHOLE.decode().split("\n")
PIECES = [*sorted({line[:size] for line in LINES for size in (2, 4, 6, 8, 14)}), *(line.strip() for line in LINES), *(
    " ", "  ", "\n", "\t", "\r", ":", ": ", " #", "#", "'", "''", '"', "-", "- ", "|", "|-", "|+", ">", "|2", "null",
    "~", "{}", "[]", "&a ", "*a", "!!str ", "!!binary ", "yes", "1e3", "0200", "0x1F", "---\n", "...\n",
    "%YAML 1.1\n", "\\",
    "<<: *a", "\u2028", "\x85", "\ufeff", "\0", "ä",
)]  # fmt: skip


@settings(max_examples=3_000)
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 30), st.sampled_from(PIECES)), min_size=1, max_size=3)
)
def test_a_file_that_somebody_edited_is_read_as_yaml_reads_it(edits: list[tuple[int, int, str]]) -> None:
    """A cassette that goes the quick way after any edit holds what YAML's parser says, and is no file it refuses."""
    text = WHOLE.decode()
    for place, length, piece in edits:
        text = text[:place] + piece + text[place + length :]
    content = text.encode()
    found = quickly(content)

    assert found is None or same(found, by_parser(content))
    assert same(quickly(content, piece=100), found)


HOW = ("drop", "twice", "swap", "indent", "outdent")


@settings(max_examples=1_500)
@given(st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from(HOW)), min_size=1, max_size=3))
def test_lines_that_were_moved_are_read_as_yaml_reads_them(edits: list[tuple[int, str]]) -> None:
    """The same of lines that were left out, doubled, swapped or indented anew."""
    lines = list(LINES)
    for number, how in edits:
        number %= len(lines)
        line = lines[number]
        lines[number : number + 1] = {
            "drop": [], "twice": [line, line], "indent": ["  " + line], "outdent": [line.removeprefix("  ")],
            "swap": [line, *lines[:1]],
        }[how]  # fmt: skip
        lines = lines or [""]
    content = "\n".join(lines).encode()
    found = quickly(content)

    assert found is None or same(found, by_parser(content))


def test_the_pieces_in_which_a_file_is_read_do_not_show() -> None:
    """Wherever a piece ends, in an exchange, before one or at the end, the same is read, at the same lines."""
    whole = by_parser(WHOLE)

    assert all(same(quickly(WHOLE, piece), whole) for piece in range(1, len(WHOLE) + 2))


def test_a_file_of_many_pieces_is_read_like_a_short_one() -> None:
    """More exchanges than one piece holds, with more headers and bodies than are known at once."""
    interactions = [interaction("GET", f"/{number % 70}", 200, {"n": [number % 90] * 900}) for number in range(200)]
    content = cassettes.dump(interactions)
    assert len(content) > 2 * own_form._PIECE

    assert quickly(content) == interactions
    assert same(quickly(content), by_parser(content))


def test_what_two_exchanges_have_in_common_is_held_once() -> None:
    """A poll that says what the one before it said takes no memory of its own for that."""
    first, second = quickly(cassettes.dump([interaction("GET", "/a", 200, {"a": 1})] * 2)) or ()

    assert first.response_body is second.response_body
    assert first.response_headers is second.response_headers


def test_no_more_is_read_than_may_be() -> None:
    """A file that was small enough when it was opened, and grows, is not followed beyond what is allowed."""
    file = io.BytesIO(WHOLE)

    with pytest.raises(RefusedError):
        list(interactions_in(file, cassettes.Limits(0.001)))

    assert file.tell() <= 1_000 < len(WHOLE)
    assert quickly(WHOLE) == list(own_form.interactions_in(io.BytesIO(WHOLE), len(WHOLE)))[:-1]


@pytest.mark.parametrize("piece", [100, 2**18])
def test_a_file_that_is_ours_half_way_is_read_once(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows the last exchange that is as we write it is read by YAML's parser, and nothing is reported twice."""
    monkeypatch.setattr(own_form, "_PIECE", piece)
    content = WHOLE.replace(
        b"method: POST\n    uri: https://api.hubapi.com/other", b'method: "POST"\n    uri: https://api.hubapi.com/other'
    )
    assert content != WHOLE

    assert quickly(content) is None
    assert same(list(interactions_in(io.BytesIO(content), cassettes.USUAL)), by_parser(WHOLE))


@pytest.mark.parametrize("broken", [b"    code: 20x", b"    code: 99", b"   code: 200", b"    code: [200]"])
def test_a_fault_below_is_still_reported(broken: bytes) -> None:
    """A file that begins well is refused with the line of its fault, as if YAML's parser had read all of it."""
    content = re.sub(rb"    code: 400", broken, WHOLE)
    assert content != WHOLE
    reported = []
    for read in (
        lambda: interactions_in(io.BytesIO(content), cassettes.USUAL),
        lambda: by_yaml(content, cassettes.USUAL),
    ):
        with pytest.raises(RefusedError) as refused:
            list(read())
        reported.append((refused.value.reason, refused.value.line))

    assert reported[0] == reported[1]


SCALARS = [
    "yes", "No", "ON", "null", "Null", "~", "true", "y", "n", "OK", "Not Found", "'OK'", "'a''b'", "'a'b'", "'a' ",
    "'a' b",
    "OK ", "OK  # c", "a: b", "a:", "a:b", "a #b", "a#b", "*a", "&a OK", "!!str OK", "0x1F", "1e3", "200",
    "2026-01-01",
    "=", "<<", "[a]", "{a: b}", "|", "-", "- a", "? a", "%a", "@a", "`a", '"a"', "a\\n", "", " a", "a, b", "a'b",
]  # fmt: skip
PLACES = {
    "reason": b"message: OK\n", "a value": b"      - application/json\n", "method": b"method: GET\n",
    "a name": b"      Content-Type:\n", "url": b"uri: https://api.hubapi.com/",
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("scalar", SCALARS)
def test_each_scalar_in_each_place(scalar: str, place: str) -> None:
    """What a line says in place of a plain text is read as YAML reads it, or left to YAML."""
    line = PLACES[place]
    head, tail = {"a value": (b"      - ", b"\n"), "a name": (b"      ", b":\n"), "url": (line, b"")}.get(
        place, (line.partition(b": ")[0] + b": ", b"\n")
    )
    assert line in WHOLE
    content = WHOLE.replace(line, head + scalar.encode() + tail)
    found = quickly(content)

    assert found is None or same(found, by_parser(content))


BLOCKS = [
    "|-\n        {}", "|\n        {}", "|+\n        {}", "|-\n        a\n        b", "|-\n        a\n\n\n        b",
    "|-\n\n        a",
    "|\n        a\n\n", "|-\n        a\n\n", "|-\n         a", "|-\n        a\n          b",
    "|-\n        a\n      b", "|-\n        a  ",
    "|-\n        a\n          \n        b", "|2-\n        a", "|-\n          a\n        b",
    ">-\n        a\n        b", "''", "'a'",
    "a", "null", "|-\n        # a", "|-\n        a # b", "|-\n        a: b\n        - c",
    "|-\n        a\n        \n        b", "|-",
]  # fmt: skip
QUICK = {BLOCKS[number] for number in (0, 1, 3, 9, 11, 12, 16, 20, 21, 22, 23)}


@pytest.mark.parametrize("block", BLOCKS)
def test_each_form_of_a_body(block: str) -> None:
    """A body is read as YAML reads it or left to YAML, and the usual ones are not left to it."""
    once = cassettes.dump([interaction("GET", "/files", 200, {})]).decode()
    usual = "string: |-\n        {}\n"
    assert usual in once
    content = once.replace(usual, f"string: {block}\n").encode()
    found = quickly(content)

    assert found is None or same(found, by_parser(content))
    assert (found is not None) == (block in QUICK)


@pytest.mark.parametrize("name", [b"Content-Type", b"Accept"])
def test_a_header_that_stands_twice_is_refused(name: bytes) -> None:
    """Two headers of one name are YAML's to refuse."""
    line = b"      " + name + b":\n      - application/json\n"
    assert line in WHOLE
    content = WHOLE.replace(line, line + line, 1)

    assert quickly(content) is None
    assert by_parser(content) is None


TRAPS = {
    "a body of many lines, and something else": lambda: WHOLE.replace(
        b"    body: |-\n", b"    body: |-\n" + b"      a a a a a a\n" * 200, 1
    ).replace(b"    headers:", b"    heeders:", 1),
    "values without end": lambda: WHOLE.replace(b"      - application/json\n", b"      - application/json\n" * 5_000),
    "headers without end": lambda: WHOLE.replace(b"      Date:", b"".join(
        b"      X-%d:\n      - a b\n" % number for number in range(5_000)) + b"      Date:"),
    "a value without end": lambda: WHOLE.replace(b"application/json\n", b"a: b " * 20_000 + b"\n"),
    "quotes without end": lambda: WHOLE.replace(b"application/json\n", b"'" + b"a b" * 20_000 + b"\n"),
    "a block without end": lambda: WHOLE.replace(b"version: 1\n", b"        a a a\n" * 20_000),
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_no_file_keeps_it_busy(trap: str) -> None:
    """A file made to be tried in many ways is given up as fast as any other: the test ends."""
    content = TRAPS[trap]()
    assert content != WHOLE

    assert quickly(content) is None


@settings(max_examples=600)
@given(st.lists(INTERACTIONS, min_size=1, max_size=2))
def test_what_is_written_quickly_is_what_yaml_writes(interactions: list[Interaction]) -> None:
    """A cassette that is written without YAML is, to the byte, the one that libyaml writes."""
    text = own_form.text_of(interactions)

    assert text is None or text.encode() == by_yaml_written(interactions)


@pytest.mark.parametrize("text", SCALARS)
def test_each_scalar_is_written_as_yaml_writes_it(text: str) -> None:
    """The same of each text in each place, where it is written without YAML at all."""
    plain = interaction("GET", "/files", 200, {})
    for change in (
        {"reason": text},
        {"response_headers": {"X-Note": (text, text)}},
        {"response_headers": {text: ("a",)}},
        {"url": f"https://api.hubapi.com/{text}"},
        {"response_body": text.encode()},
        {"request_body": f"{text}\n{text}".encode()},
        {"response_body": f"a\n{text}\n".encode()},
    ):
        changed = [replace(plain, **change)]
        written = own_form.text_of(changed)

        assert written is None or written.encode() == by_yaml_written(changed)


def test_what_we_record_is_written_quickly() -> None:
    """The recordings of the project's own tests are written without YAML, as they lie there."""
    for path in SHIPPED:
        written = own_form.text_of(cassettes.read(path))

        assert written is not None
        assert written.encode() == path.read_bytes()
