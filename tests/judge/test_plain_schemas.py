"""A schema that is told to be valid without jsonschema is one that jsonschema calls valid."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from pytest_hubfiles.judge.plain_schemas import is_plainly_valid
from pytest_hubfiles.judge.schema_files import KEYWORD

FOLDER = Path(__file__).parents[2] / "schemas"
SHIPPED = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*/*.json"))]
PARTS = [{keyword: value for keyword, value in schema.items() if keyword != "$schema"} for schema in SHIPPED]
"""What is checked of them: whoever reads a file has taken the dialect out."""
WRONG = [
    None, True, False, 0, -1, 1.5, 2.0, "", "string", "[", "#/$defs/A", "#/a b", "http://[", [], {}, [1], ["a", "a"],
    ["string"], ["string", "string"], ["strin"], [True], [{}], [[]], {"a": 1}, {"a": {}}, {"a": {"type": "strin"}},
]  # fmt: skip
KEYWORDS = sorted({
    *Draft202012Validator.VALIDATORS, "$defs", "$anchor", "$id", "$comment", "definitions", "default", "deprecated",
    "description", "examples", "then", "else", "minContains", "readOnly", "title", "dependencies", "x-a",
})  # fmt: skip


def is_valid(schema: object) -> bool:
    try:
        Draft202012Validator.check_schema(schema)  # type: ignore[arg-type]
    except SchemaError:
        return False
    return True


def test_every_shipped_schema_is_plainly_valid() -> None:
    """What is shipped is told without jsonschema."""
    assert PARTS
    assert all(map(is_plainly_valid, PARTS))


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_each_keyword_with_each_value(keyword: str) -> None:
    """Whatever a keyword has, at the root or in a definition, only what jsonschema accepts is accepted."""
    for value in WRONG:
        for schema in ({keyword: value}, {"$defs": {"A": {keyword: value}}}, {"allOf": [{keyword: value}]}):
            assert not is_plainly_valid(schema) or is_valid(schema), schema


@pytest.mark.slow
@settings(max_examples=200)
@given(st.integers(0, 2**32), st.sampled_from(PARTS))
def test_a_schema_that_somebody_edited(seed: int, document: dict[str, Any]) -> None:
    """A shipped schema in which any value was put in place of another is accepted only if jsonschema accepts it."""
    drawn = random.Random(seed)
    edited = copy.deepcopy(document)
    place: Any = edited
    while isinstance(place, (dict, list)) and place:
        key = drawn.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if drawn.random() < 0.3 or not isinstance(place[key], (dict, list)) or not place[key]:
            place[key] = drawn.choice(WRONG)
            break
        place = place[key]

    assert not is_plainly_valid(edited) or is_valid(edited)


def test_a_deep_schema_is_left_to_jsonschema() -> None:
    """No nesting takes more of the stack than a few calls."""
    schema: dict[str, Any] = {}
    for _ in range(10_000):
        schema = {"not": schema}

    assert not is_plainly_valid(schema)


def test_a_users_contract_is_loaded_without_checking_it_by_jsonschema(tmp_path: Path) -> None:
    """The contracts that a suite imported cost each start little; a file that has become wrong is still refused."""
    file = tmp_path / "v3" / "things.json"
    file.parent.mkdir()
    document = {**SHIPPED[0], KEYWORD: {**SHIPPED[0][KEYWORD], "path": "/things/v3/things"}}
    read = (
        "import sys; from pathlib import Path; from jsonschema import Draft202012Validator as V;"
        "checked = []; V.check_schema = lambda schema, **_: checked.append(schema);"
        "from pytest_hubfiles.judge import schema_files;"
        f"schema_files.load([Path({str(tmp_path)!r})]); print(len(checked))"
    )
    printed = []
    for content in (document, {**document, "$defs": {**document["$defs"], "Odd": {"type": "strin"}}}):
        file.write_text(json.dumps(content), encoding="utf-8")
        done = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, check=True)
        printed.append(int(done.stdout))

    assert printed[0] == 0 < printed[1]
