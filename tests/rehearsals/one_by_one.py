"""A pytest plugin that has a rehearsal try each change alone: what groups save is held against it."""

from __future__ import annotations

from functools import partial

from pytest_hubfiles.rehearsal import rehearse

rehearse.Search = partial(rehearse.Search, in_groups=False)  # type: ignore[misc]
