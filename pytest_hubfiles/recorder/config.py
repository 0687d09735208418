"""What a suite may hand on to vcrpy, and which vcrpy."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Final

import vcr
from vcr import VCR
from vcr import patch as vcr_patch

from pytest_hubfiles.errors import HubfilesError

_FIRST_SAFE: Final = (8, 2, 1)  # vcrpy's release notes of 8.2.1: cassettes are loaded with a safe YAML loader
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


class VcrpyUnsafeError(HubfilesError):
    """The vcrpy installed runs code that a cassette holds."""

    def __init__(self, version: str) -> None:
        super().__init__(
            f"vcrpy {version} is installed, which runs what a crafted cassette tells it to (GHSA-rpj2-4hq8-938g).\n"
            "Install vcrpy 8.5 or newer. Nothing was recorded or replayed."
        )


def checked(config: object) -> Mapping[str, Any]:
    """Return what the fixture ``hubfiles_vcr_config`` returned.

    Raises:
        VcrpyUnsafeError: if the vcrpy that is installed is none to hand anything on to.
        VcrConfigError: if *config* cannot be handed on to vcrpy.
    """
    if tuple(map(int, re.findall(r"[0-9]+", vcr.__version__)[:3])) < _FIRST_SAFE:
        raise VcrpyUnsafeError(vcr.__version__)
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
