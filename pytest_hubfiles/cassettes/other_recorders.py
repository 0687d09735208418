"""What other recorders store beside vcrpy's YAML: vcrpy's JSON, and cassetter's YAML and TOML, put as vcrpy puts it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.body import BodyNotJsonError, parse_json


class NotParsedError(HubfilesError, ValueError):
    """A text that is not of its suffix's format; ``reason`` and ``line`` (from 1, or None) say why and where."""

    def __init__(self, reason: str) -> None:
        line = re.search(r"\bline ([0-9]+)", reason)
        self.reason, self.line = reason, int(line[1]) if line else None
        super().__init__(reason)


def _json(text: str) -> object:
    try:
        return parse_json(text.encode("utf-8"))
    except BodyNotJsonError as error:
        raise NotParsedError(f"it is not JSON: {error.reason}") from None


def _toml(text: str) -> object:
    from pytest_hubfiles import toml

    try:
        return toml.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotParsedError(f"it is not TOML: {error}") from None


PARSERS: Final[Mapping[str, Callable[[str], object]]] = {".json": _json, ".toml": _toml}
"""How a cassette is parsed whose suffix says that it is no YAML. They raise :class:`NotParsedError`."""


def as_vcrpy(item: Any) -> Any:
    """Return an interaction of cassetter's in vcrpy's form, and any other as it is.

    A body is stored by what it is: ``{type: json, content: …}`` in YAML, ``body_type`` and ``body_content`` in TOML,
    where JSON stands as text. Source: files that cassetter 0.16.1 recorded.

    Raises:
        ValueError: if a body is of no type that cassetter writes.
    """
    if not isinstance(item, dict) or "recorded_at" not in item:
        return item
    request, response = item.get("request"), item.get("response")
    if not isinstance(request, dict) or not isinstance(response, dict) or not isinstance(response.get("status"), int):
        return item
    return {
        "request": {**request, "body": _body(request)},
        "response": {
            "status": {"code": response["status"], "message": ""},
            "headers": response.get("headers"),
            "body": {"string": _body(response)},
        },
    }


def _body(message: Mapping[str, Any]) -> object:
    if "body_type" in message:
        kind, content = message["body_type"], message.get("body_content")
        kind = "text" if kind == "json" else kind
    else:
        body = message.get("body", {"type": "none"})
        if not isinstance(body, dict):
            raise ValueError(f"a body is a {type(body).__name__}, not a mapping of type and content")
        kind, content = body.get("type"), body.get("content")
    if kind == "none":
        return None
    if kind == "json" and isinstance(content, (dict, list)):  # whoever reads those that vcrpy stores writes it out
        return content
    if kind == "json" and isinstance(content, (str, int, float, type(None))):
        return json.dumps(content)
    if kind == "text" and isinstance(content, str):
        return content
    if kind == "binary" and isinstance(content, str):
        return bytes.fromhex(content)
    held = type(content).__name__  # never what it says: that may be a credential
    raise ValueError(f"a body of type {kind!r:.60} is a {held}; the types are json, text, binary and none")
