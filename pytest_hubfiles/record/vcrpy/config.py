"""What the fixture ``hubfiles_vcr_config`` may hand on to vcrpy."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Final

from vcr import VCR
from vcr import patch as vcr_patch

from pytest_hubfiles.errors import HubfilesError

_FEATURES: Final = frozenset(inspect.signature(VCR).parameters)
VCR_OPTIONS: Final = _FEATURES & frozenset(
    {
        "after_load_interaction",
        "before_record_request",
        "before_record_response",
        "before_save_interaction",
        "custom_patches",
        "filter_headers",
        "filter_nested_post_data_parameters",
        "filter_post_data_parameters",
        "filter_query_parameters",
        "filter_sensitive_data",
        "ignore_hosts",
        "ignore_localhost",
        "skip_patchers",
    }
)
"""What the fixture ``hubfiles_vcr_config`` may hand on to vcrpy; everything else is this plugin's to decide.

vcrpy 8.5, the last for Python 3.10, knows neither hooks on saving and loading nor ``skip_patchers``.
"""


class VcrConfigError(HubfilesError):
    """The fixture ``hubfiles_vcr_config`` returned something that cannot be handed on to vcrpy."""

    def __init__(self, given: object) -> None:
        super().__init__(
            f"hubfiles_vcr_config returned {given}; it can set {', '.join(sorted(VCR_OPTIONS))}.\n"
            "The cassette's path, mode, matching and format are set by pytest-hubfiles' own options."
        )


def checked(config: object) -> Mapping[str, Any]:
    """Return *config*, which the fixture ``hubfiles_vcr_config`` returned.

    Raises:
        VcrConfigError: if it cannot be handed on to vcrpy.
    """
    if not isinstance(config, Mapping):
        raise VcrConfigError(f"a {type(config).__name__}, not a dict")
    if unknown := sorted(map(repr, set(config) - VCR_OPTIONS)):
        raise VcrConfigError(f"a dict with {', '.join(unknown)}")
    skipped = tuple(config.get("skip_patchers", ()))
    if skipped:
        try:
            vcr_patch.validate_skip_patchers(skipped)
        except ValueError as error:
            raise VcrConfigError(f"a dict with skip_patchers={list(skipped)!r} ({error})") from None
    return config
