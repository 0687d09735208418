"""An HTML page is no answer of the API, however it begins and whatever it is called."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers.downstream import STATUS, interaction

ANSWER = interaction("GET", STATUS)


@pytest.mark.parametrize(
    "start",
    [
        "<!DOCTYPE html>",
        "\n  <html lang='en'>",
        "\ufeff<!doctype html>",
        "<!-- down for maintenance --><html>",
        "<!-- a -->\n<!-- b -->\n<HEAD>",
        "<?xml version='1.0'?>\n<!DOCTYPE html>",
    ],
)
def test_a_page_is_an_outage(start: str) -> None:
    """A page that is called JSON is known by its beginning."""
    assert replace(ANSWER, response_body=start.encode()).transient == "HTTP 200 with an HTML page"


@pytest.mark.parametrize("body", ["", '{"a": "<html>"}', "<header>1</header>", "<!-- a --><Error/>", "html", "<"])
def test_anything_else_is_none(body: str) -> None:
    """JSON, and XML of an API, are answers."""
    assert replace(ANSWER, response_body=body.encode()).transient is None
