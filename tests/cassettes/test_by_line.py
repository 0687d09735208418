"""A cassette of ours or of vcrpy's is read without a YAML library, and says what YAML says it does."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.downstream import interaction, whole_import
from helpers.odd_interactions import INTERACTIONS, SCALARS, as_cassetter_writes, as_vcrpy_writes
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes import yaml_events
from pytest_hubfiles.cassettes.by_line import reader
from pytest_hubfiles.cassettes.errors import RefusedError
from pytest_hubfiles.cassettes.reading import by_yaml, interactions_in
from pytest_hubfiles.model.exchange import Interaction

SHIPPED = sorted((Path(__file__).parents[2] / "cassettes").rglob("*.yaml"))
EXCHANGES = [*whole_import(), interaction("POST", "/other", 400, {"a": "b c", "d": [1, None]})]
WHOLE = cassettes.dump(EXCHANGES)
HUBSPOTS = {
    "CF-RAY": ("8f1c2d3e4a5b6c7d-FRA",), "NEL": ('{"success_fraction":0.01,"report_to":"cf-nel"}',), "Age": ("-1", "0"),
    "Set-Cookie": (f"__cf_bm={'a1B2' * 20}; path=/; expires=Mon, 05-Oct-26 09:44:05 GMT; HttpOnly; SameSite=None",),
    "x-request-id": ("47499679-316a-4d7a-a6bb-f8e89e8da1a2",), "alt-svc": ('h3=":443"; ma=86400',),
    "x-note": ("it's", ""), "access-control-allow-credentials": ("false",),
    "server-timing": ('hcid;desc="a', "caf\xe9"),
}  # fmt: skip
"""Headers that vcrpy writes in every way that there is: plain, in either quotes, folded."""
PRETTY = json.dumps(
    json.loads(EXCHANGES[-2].response_body) | {"a": "it's \\", "b": "caf\xe9 \U0001f600"}, indent=2, ensure_ascii=False
)
FOREIGN = [
    *(replace(i, response_headers={**i.response_headers, **HUBSPOTS}) for i in EXCHANGES),
    *(replace(EXCHANGES[-2], response_headers=HUBSPOTS, response_body=body, reason="Not Found") for body in (
        PRETTY.encode(), PRETTY.encode("utf-16"), (PRETTY + " it's\n" * 9).replace("  ", "").encode(), b"",
        ("a  b " * 40).encode(), b"<p class='a'>\n\nit's 'so'\n</p>\n", b"\t\\ \"\\\" \\\\" * 60, b"\xe9\xe9",
    )),
]  # fmt: skip
CASSETTER = (Path(__file__).parent / "foreign" / "cassetter.yaml").read_text(encoding="utf-8").partition("\n")[2]
"""A file of cassetter's without the comment that we put before it."""
BY_VCRPY = {name: as_vcrpy_writes(FOREIGN, getattr(yaml, name)) for name in ("CDumper", "Dumper")}


def quickly(content: bytes, piece: int | None = None) -> list[Interaction] | None:
    with pytest.MonkeyPatch.context() as patches:
        if piece is not None:
            patches.setattr(reader, "_PIECE", piece)
        found = list(reader.interactions_in(io.BytesIO(content)))
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


@pytest.mark.parametrize("dumper", BY_VCRPY)
def test_what_vcrpy_writes_is_read_quickly(dumper: str) -> None:
    """So is what vcrpy writes, with libyaml or without: texts in quotes, folded, with escapes, and bytes as base64."""
    content = BY_VCRPY[dumper]

    assert quickly(content) == FOREIGN
    assert same(quickly(content), by_parser(content))


def test_what_cassetter_writes_is_read_quickly() -> None:
    """So is a file of cassetter's, whose JSON bodies are YAML."""
    for content in (CASSETTER.encode(), as_cassetter_writes(EXCHANGES)):
        assert quickly(content)
        assert same(quickly(content), by_parser(content))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=9)
    | st.sampled_from(SCALARS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b c", "status", "1", "null", "", "-", "é", "a:"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@pytest.mark.slow
@settings(max_examples=400)
@given(JSON, st.lists(INTERACTIONS, max_size=2))
def test_whatever_cassetter_writes_is_read_as_yaml_reads_it(body: Any, more: list[Interaction]) -> None:
    """Whatever a body holds, it is read as YAML's parser reads it, the type of each value and the order of keys too."""
    content = as_cassetter_writes([replace(EXCHANGES[0], response_body=json.dumps(body).encode()), *more])
    found = quickly(content)

    assert found is None or same(found, by_parser(content))


@pytest.mark.slow
@settings(max_examples=600)
@given(st.lists(INTERACTIONS, min_size=1, max_size=2), st.sampled_from([yaml.CDumper, yaml.Dumper]))
def test_whatever_vcrpy_writes_is_read_as_yaml_reads_it(interactions: list[Interaction], dumper: Any) -> None:
    """Whether or not a cassette of vcrpy's goes the quick way, it holds what YAML's parser says."""
    content = as_vcrpy_writes(interactions, dumper)
    found = quickly(content)

    assert found is None or same(found, by_parser(content))


LONG = st.lists(
    st.sampled_from(
        ["a", "it's", '"', "\\", " ", "  ", "\n", "\t", "'", "''", "#", ":", ": ", " #", "-", "caf\xe9", "\u4e2d",
         "\U0001f600", "\x85", "\xa0", "\u2028", "\0", "\x1b", "\ufeff", "word", "a-longer-word", "{", "}", "1"]
    ),
    max_size=60,
).map("".join)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=500)
@given(LONG, st.sampled_from([yaml.CDumper, yaml.Dumper]))
def test_a_long_text_is_read_as_yaml_reads_it(text: str, dumper: Any) -> None:
    """However a long text is folded and escaped, as a body and as a header, it is read as YAML's parser reads it."""
    one = replace(EXCHANGES[0], request_body=text.encode(), response_body=text.encode(), reason=text[:9])
    for content in (
        as_vcrpy_writes([one], dumper),
        as_vcrpy_writes([replace(one, response_headers={"A": (text,)})], dumper),
    ):
        found = quickly(content)

        assert found is None or same(found, by_parser(content))


@settings(max_examples=400)
@given(st.lists(INTERACTIONS, min_size=1, max_size=3))
def test_whatever_we_write_is_read_as_yaml_reads_it(interactions: list[Interaction]) -> None:
    """Whether or not a cassette goes the quick way, it holds what YAML's parser says."""
    content = cassettes.dump(interactions)
    found = quickly(content)

    assert found is None or same(found, by_parser(content))


SHORT = [FOREIGN[0], *FOREIGN[len(EXCHANGES) : len(EXCHANGES) + 3]]
TEXTS = [
    WHOLE.decode(),
    *(as_vcrpy_writes(SHORT, dumper).decode() for dumper in (yaml.CDumper, yaml.Dumper)),
    CASSETTER,
    as_cassetter_writes(SHORT).decode(),
]
LINES = [text.split("\n") for text in TEXTS]
HEADS = sorted({line[:size] for line in LINES[0] for size in (2, 4, 6, 8, 14)})
PIECES = [*HEADS, *(line.strip() for line in LINES[0]), *(
    " ", "  ", "\n", "\t", "\r", ":", ": ", " #", "#", "'", "''", '"', "-", "- ", "|", "|-", "|+", ">", "|2", "null",
    "~", "{}", "[]", "&a ", "*a", "!!str ", "!!binary ", "!!binary |", "yes", "1e3", "0200", "0x1F", "---\n", "...\n",
    "%YAML 1.1\n", "\\", "\\\n", "\n        ", "\n        \\ ", "\n\n        ", "\\x4", "\\ud83d", "\\U0001F600", "\\_",
    "\n         ", "\n       ", " \n",
    "<<: *a", "\u2028", "\x85", "\ufeff", "\0", "ä",
)]  # fmt: skip
EDITS = st.tuples(st.integers(0, 9_000), st.integers(0, 30), st.sampled_from(PIECES))


@pytest.mark.slow
@settings(max_examples=2_000)
@given(st.sampled_from(TEXTS), st.lists(EDITS, min_size=1, max_size=3))
def test_a_file_that_somebody_edited_is_read_as_yaml_reads_it(text: str, edits: list[tuple[int, int, str]]) -> None:
    """A cassette that goes the quick way after any edit holds what YAML's parser says, and is no file it refuses."""
    for place, length, piece in edits:
        place %= len(text)
        text = text[:place] + piece + text[place + length :]
    content = text.encode()
    found = quickly(content)

    assert found is None or same(found, by_parser(content))
    assert same(quickly(content, piece=100), found)


HOW = ("drop", "twice", "swap", "indent", "outdent")


@pytest.mark.slow
@settings(max_examples=1_000)
@given(
    st.sampled_from(LINES),
    st.lists(st.tuples(st.integers(0, 600), st.sampled_from(HOW)), min_size=1, max_size=3),
)
def test_lines_that_were_moved_are_read_as_yaml_reads_them(lines: list[str], edits: list[tuple[int, str]]) -> None:
    """The same of lines that were left out, doubled, swapped or indented anew."""
    lines = list(lines)
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
    assert len(content) > 2 * reader._PIECE

    assert quickly(content) == interactions
    assert same(quickly(content), by_parser(content))


def test_what_two_exchanges_have_in_common_is_held_once() -> None:
    """A poll that says what the one before it said takes no memory of its own for that."""
    first, second = quickly(cassettes.dump([interaction("GET", "/a", 200, {"a": 1})] * 2)) or ()

    assert first.response_body is second.response_body
    assert first.response_headers is second.response_headers


@pytest.mark.parametrize(
    "content", [WHOLE, BY_VCRPY["CDumper"], CASSETTER.encode()], ids=["ours", "vcrpy", "cassetter"]
)
def test_no_more_values_are_read_than_may_be(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of more values than one of its size would have is refused, whatever reads it."""
    for module in (reader, yaml_events):
        monkeypatch.setattr(module, "MOST_VALUES", 0)
        monkeypatch.setattr(module, "BYTES_OF_A_VALUE", 100)

    assert quickly(content) is None
    assert by_parser(content) is None


def test_no_more_is_read_than_may_be() -> None:
    """A file that was small enough when it was opened, and grows, is not followed beyond what is allowed."""
    file = io.BytesIO(WHOLE)

    with pytest.raises(RefusedError):
        list(interactions_in(file, cassettes.Limits(0.001)))

    assert file.tell() <= 1_000 < len(WHOLE)
    assert quickly(WHOLE) == list(reader.interactions_in(io.BytesIO(WHOLE), len(WHOLE)))[:-1]


@pytest.mark.parametrize("piece", [100, 2**18])
def test_a_file_that_is_ours_half_way_is_read_once(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows the last exchange that is as we write it is read by YAML's parser, and nothing is reported twice."""
    monkeypatch.setattr(reader, "_PIECE", piece)
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
FOLDED = [
    "'a \n        b'",
    "'a\n         b'",
    "'a\n       b'",
    "'a\n        b '",
    "'a\n        \n        b'",
    "'a\n\n        b'",
    "'a\n\n         b'",
    "'a \n\n        b'",
    "'\n        a'",
    "'a\n        '",
    "'a''\n        ''b'",
    "'a'\n        'b'",
    '"a \n        b"',
    '"a\n         b"',
    '"a\n        \\ b"',
    '"a\\\n        b"',
    '"a\\\n        \\ b"',
    '"a\\\\\n        b"',
    '"a\n\n        b"',
    '"a\\\n\n        b"',
    '"a\\n \n        b"',
    '"\\x4\n        1"',
    '"a"\n        "b"',
    '"a\\"\n        b"',
    "a \n        b",
    "a\n         b",
    "a\n        #b",
    "a:\n        b",
    "a\n        b:",
    "a\n\n        b",
    "a\n        - b",
]


@pytest.mark.parametrize("text", FOLDED)
def test_each_way_to_fold_a_text(text: str) -> None:
    """A text of several lines, a body or a header, is read as YAML reads it or left to YAML."""
    once = cassettes.dump([interaction("GET", "/files", 200, {})]).decode()
    for line in ("string: |-\n        {}\n", "- application/json\n"):
        assert line in once
        content = once.replace(line, line.partition(" ")[0] + f" {text}\n").encode()
        found = quickly(content)

        assert found is None or same(found, by_parser(content))


QUICK = {BLOCKS[number] for number in (0, 1, 3, 4, 9, 11, 12, 16, 17, 18, 19, 20, 21, 22, 23)}


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
