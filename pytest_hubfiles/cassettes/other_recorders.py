"""What other recorders store besides vcrpy's YAML: vcrpy's JSON, and cassetter's YAML and TOML in vcrpy's form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.body import BodyNotJsonError, parse_json


class NotParsedError(HubfilesError, ValueError):
    """A text does not have the format of its suffix; ``reason`` and ``line`` (from 1, or None) say why and where."""

    def __init__(self, reason: str) -> None:
        line = re.search(r"\bline ([0-9]+)", reason)
        self.reason, self.line = reason, int(line[1]) if line else None
        super().__init__(reason)


_TOML_TEXT: Final = re.compile(
    r'''"""(?:\\.|[^\\])*?"""|''' r"""'''.*?'''|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*""", re.DOTALL
)
_DEEP_KEY: Final = re.compile(r"(?<![A-Za-z0-9_-])(?:[A-Za-z0-9_-]+[ \t]*\.[ \t]*){40}")


def _json(text: str) -> object:
    try:
        return parse_json(text.encode("utf-8"))
    except BodyNotJsonError as error:
        raise NotParsedError(f"it is not JSON: {error.reason}") from None


def _toml(text: str) -> object:
    from pytest_hubfiles import toml

    if _DEEP_KEY.search(_TOML_TEXT.sub("x", text)):  # the parser would take ages
        raise NotParsedError("it is not TOML that any recorder writes: a key has more than 40 parts")
    try:
        return toml.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotParsedError(f"it is not TOML: {error}") from None


PARSERS: Final[Mapping[str, Callable[[str], object]]] = {".json": _json, ".toml": _toml}
"""The parsers for cassettes that are not YAML, by suffix. They raise :class:`NotParsedError`."""


def as_vcrpy(item: Any) -> Any:
    """Return an interaction of cassetter, or one of httpx that vcrpy stored before 6.0, in vcrpy's form of today.

    Any other interaction is returned as it is.

    cassetter stores a body with its type: ``{type: json, content: …}`` in YAML, ``body_type`` and ``body_content`` in
    TOML, where JSON stands as text. Source: files that cassetter 0.16.1 recorded.

    Raises:
        ValueError: if cassetter writes no body of this type.
    """
    if not isinstance(item, dict):
        return item
    request, response = item.get("request"), item.get("response")
    if isinstance(response, dict) and "status_code" in response and "status" not in response:
        return {"request": request, "response": _of_old_httpx(response)}
    if "recorded_at" not in item:
        return item
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


def _of_old_httpx(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return a response of httpx in vcrpy's form of today, as vcrpy itself reads it."""
    status = {"code": response["status_code"], "message": ""}
    body = {"string": response["content"]} if "content" in response else {}
    return {"status": status, "headers": response.get("headers"), "body": body}


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
    if kind == "json" and isinstance(content, (dict, list)):  # reading encodes it, as it does for vcrpy
        return content
    if kind == "json" and isinstance(content, (str, int, float, type(None))):
        return json.dumps(content)
    if kind == "text" and isinstance(content, str):
        return content
    if kind == "binary" and isinstance(content, str):
        return bytes.fromhex(content)
    held = type(content).__name__  # never the content: that may be a credential
    raise ValueError(f"a body of type {kind!r:.60} is a {held}; the types are json, text, binary and none")
