"""What is written in our own form is, to the byte, what libyaml would write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.downstream import interaction
from helpers.odd_interactions import INTERACTIONS, SCALARS
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes import own_form
from pytest_hubfiles.cassettes.writing import by_yaml as by_yaml_written
from pytest_hubfiles.model.exchange import Interaction

SHIPPED = sorted((Path(__file__).parents[2] / "cassettes").rglob("*.yaml"))


@pytest.mark.slow
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
