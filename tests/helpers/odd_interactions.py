"""Interactions with texts that YAML writes in many ways, for tests that try hundreds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import yaml
from hypothesis import strategies as st

from pytest_hubfiles.model.exchange import Interaction

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

SCALARS = [
    "yes", "No", "ON", "null", "Null", "~", "true", "y", "n", "OK", "Not Found", "'OK'", "'a''b'", "'a'b'", "'a' ",
    "'a' b",
    "OK ", "OK  # c", "a: b", "a:", "a:b", "a #b", "a#b", "*a", "&a OK", "!!str OK", "0x1F", "1e3", "200",
    "2026-01-01",
    "=", "<<", "[a]", "{a: b}", "|", "-", "- a", "? a", "%a", "@a", "`a", '"a"', "a\\n", "", " a", "a, b", "a'b",
]  # fmt: skip


def as_vcrpy_writes(interactions: Sequence[Interaction], dumper: Any = yaml.CDumper) -> bytes:
    """Return a cassette as plain vcrpy writes it: texts as texts where they are UTF-8, else as base64."""
    found = [
        {
            "request": {
                "method": i.method,
                "uri": i.url,
                "body": _text(i.request_body) or None,
                "headers": {name: list(values) for name, values in i.request_headers.items()},
            },
            "response": {
                "status": {"code": i.status_code, "message": i.reason},
                "headers": {name: list(values) for name, values in i.response_headers.items()},
                "body": {"string": _text(i.response_body)},
            },
        }
        for i in interactions
    ]
    return str(yaml.dump({"interactions": found, "version": 1}, Dumper=dumper)).encode()


def as_cassetter_writes(interactions: Sequence[Interaction]) -> bytes:
    """Return a cassette of cassetter's: bodies with their types, JSON as YAML."""
    found = [
        {
            "request": {
                "method": i.method,
                "uri": i.url,
                "headers": {name.lower(): list(values) for name, values in i.request_headers.items()},
                "body": _typed(i.request_body),
            },
            "response": {
                "status": i.status_code,
                "headers": {name.lower(): list(values) for name, values in i.response_headers.items()},
                "body": _typed(i.response_body),
            },
            "recorded_at": "2026-10-05T09:14:02.570951+00:00",
        }
        for i in interactions
    ]
    dumper = type("Dumper", (yaml.CSafeDumper,), {"ignore_aliases": lambda *_: True})
    return str(yaml.dump({"version": 1, "interactions": found}, Dumper=dumper, sort_keys=False)).encode()


def _typed(body: bytes) -> dict[str, Any]:
    if not body:
        return {"type": "none"}
    try:
        return {"type": "json", "content": json.loads(body)}
    except ValueError:
        pass
    try:
        return {"type": "text", "content": body.decode()}
    except UnicodeDecodeError:
        return {"type": "binary", "content": body.hex()}


def _text(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body
