"""What a careful suite tells vcrpy, so that no credential is recorded."""

from __future__ import annotations

from typing import Any, Final


def _without_cookies(response: dict[str, Any]) -> dict[str, Any]:
    """Drop what a suite that minds its credentials has vcrpy drop."""
    kept = {name: values for name, values in response["headers"].items() if name.lower() != "set-cookie"}
    return {**response, "headers": kept}


CAREFUL: Final = {"filter_headers": ["authorization"], "before_record_response": _without_cookies}
