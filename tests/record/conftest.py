"""Every client is tried; those that most suites use, in every run of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

EVERY_TIME = ("requests", "httpx")


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is marked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of any other client as slow."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.is_relative_to(Path(__file__).parent):
            callspec = getattr(item, "callspec", None)
            client = callspec and callspec.params.get("client")
            if isinstance(client, str) and client not in EVERY_TIME:
                item.add_marker(pytest.mark.slow)
