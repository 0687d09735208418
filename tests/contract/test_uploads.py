"""The suite of a downstream project, and this project's own contract tests; its cassettes are in ``cassettes``."""

from __future__ import annotations

import pytest
from uploader import Uploader

from pytest_hubfiles import HubFiles

both_versions = pytest.mark.hubfiles(versions=["v3", "2026-03"])


@both_versions
def test_import_from_url(hubfiles: HubFiles) -> None:
    """A team's own code imports a file, whichever version it talks to."""
    uploader = Uploader(hubfiles.base_url, token="a-token-that-is-none", version=hubfiles.version)
    assert uploader.import_from_url("https://example.com/cat.png").isdigit()


@both_versions
def test_rename_folder(hubfiles: HubFiles) -> None:
    """A team's own code renames a folder, whichever version it talks to."""
    uploader = Uploader(hubfiles.base_url, token="a-token-that-is-none", version=hubfiles.version)
    assert uploader.rename_folder("122692510820", "cat_archive") == "cat_archive"


@both_versions
def test_import_that_is_canceled(hubfiles: HubFiles) -> None:
    """A canceled import says so, and why."""
    task = hubfiles.start_import(
        url="https://example.com/canceled.png",
        access="PRIVATE",
        duplicateValidationScope="ENTIRE_PORTAL",
        duplicateValidationStrategy="REJECT",
        overwrite=False,
    )
    done = hubfiles.wait("import-status", task.json["id"])
    assert done.task_status == "CANCELED"
    assert done.json["numErrors"] == 1


@both_versions
def test_unknown_task(hubfiles: HubFiles) -> None:
    """A task id that HubSpot cannot decode is an error of 400, not 404."""
    assert hubfiles.import_status("4785").status_code == 400
