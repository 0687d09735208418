"""OpenAPI documents in YAML: JSON's values only, within the budgets of any YAML file."""

from __future__ import annotations

import math
from typing import Any, Final

from yaml.events import Event, MappingStartEvent, ScalarEvent, StreamEndEvent

from pytest_hubfiles.cassettes.errors import RefusedError
from pytest_hubfiles.cassettes.yaml_events import YamlReader, line_of, plain_scalars, scalar_types

_MERGE: Final = object()


class OpenApiReader(YamlReader):
    """Reads YAML as OpenAPI defines it, with the merge key ``<<`` that many documents use.

    Source: OpenAPI asks for YAML 1.2 with the types of its JSON schema: ``NO`` and ``2026-03-30`` are texts.
    """

    kind = "an OpenAPI document"
    plain = plain_scalars(
        ("null", "null|Null|NULL|~|", ["n", "N", "~", ""]),
        ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
        ("int", "-?(?:0|[1-9][0-9]*)", "-0123456789"),
        ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", "-0123456789"),
    )
    types = scalar_types("bool", "float", "int", "null")

    def whole(self) -> Any:
        """Return the value of the whole document."""
        start = self.start()
        if isinstance(start, StreamEndEvent):
            return None
        value = self.mapping(start) if isinstance(start, MappingStartEvent) else self.value(start)
        self.end()
        return value

    def scalar(self, event: Any) -> Any:
        """Return the value of a scalar; JSON has no infinite numbers."""
        value = super().scalar(event)
        if isinstance(value, float) and not math.isfinite(value):
            raise RefusedError(f"{event.value[:60]!r} is no number of JSON", line_of(event))
        return value

    def key(self, event: ScalarEvent) -> Any:
        """Return a key as it is written: the keys of JSON are texts, and a status such as 200 is one."""
        self.value(event)
        return _MERGE if event.value == "<<" and event.implicit[0] else event.value

    def mapping(self, start: Event) -> dict[str, Any]:
        """Return the mapping that begins with *start*; its own members replace merged ones."""
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key, event in self.members(start):
            value = self.value(event)
            if key is not _MERGE:
                own[key] = value
                continue
            for source in value if isinstance(value, list) else [value]:
                if not isinstance(source, dict):
                    raise RefusedError("what '<<' merges is no mapping", line_of(event))
                merged = {**source, **merged}
        return {**merged, **own}
