"""YAML as plain data, built event by event within budgets; nothing is composed that has not been paid for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from pytest_hubfiles.cassettes import other_recorders
from pytest_hubfiles.cassettes.errors import RefusedError
from pytest_hubfiles.cassettes.limits import Limits

_DEEPEST: Final = 100  # levels; vcrpy writes seven
_ANY_NODES: Final = 200_000  # values that a file may have whatever its size,
_BYTES_PER_NODE: Final = 16  # and one more for so many bytes; an exchange of 2 kB has about 40
_LONGEST_NUMBER: Final = 1_000  # characters; reading and printing one takes time that grows with their square
_NODE_SIZE: Final = 32  # bytes, counted for each value that an alias repeats, beside its text

_YAML: Final = "tag:yaml.org,2002:"
_PYTHON: Final = _YAML + "python/"
_TEXT_TAGS: Final = frozenset({"!", _YAML + "str", _PYTHON + "str", _PYTHON + "unicode"})
_SEQUENCE_TAGS: Final = frozenset({None, "!", _YAML + "seq", _PYTHON + "tuple"})
_MAPPING_TAGS: Final = frozenset({None, "!", _YAML + "map"})
_BUFFER_TAGS: Final = frozenset({_PYTHON + "object/new:_io.BytesIO", _PYTHON + "object/apply:builtins.iter"})
_NUMBER_TAGS: Final = frozenset({_YAML + "int", _YAML + "float"})
_SCALARS: Final = {
    _YAML + name: yaml.constructor.SafeConstructor.yaml_constructors[_YAML + name]
    for name in ("binary", "bool", "float", "int", "null", "timestamp")
}
_CONSTRUCTOR: Final = yaml.constructor.SafeConstructor()
# What a plain scalar may be beside a text, by its first character.
_PLAIN: Final[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}
for _type, _pattern, _starts in other_recorders.PLAIN_SCALARS:
    for _start in _starts:
        _PLAIN.setdefault(_start, []).append((_YAML + _type, _pattern))


def line_of(event: Event) -> int:
    """Return the line in which *event* begins, from 1."""
    return int(event.start_mark.line) + 1 if event.start_mark is not None else 1


class Document:
    """The one document of a YAML file, read piece by piece: each value is built when it is asked for.

    ``limits`` bound what its aliases may amount to once each is written out.

    Raises:
        RefusedError: from every method, where the file is not YAML or goes beyond a budget.
    """

    def __init__(self, content: bytes, limits: Limits) -> None:
        self._content = content
        self._events: Iterator[Event] = yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._limits = limits
        self._nodes_left = _ANY_NODES + len(content) // _BYTES_PER_NODE
        self._unfolded_left = limits.bytes
        self._size = 0
        self._depth = 1  # the mapping that all else is in
        self._anchors: dict[str, tuple[Any, int] | None] = {}  # value and size; None while it is being built

    def next(self) -> Event:
        """Return the next event."""
        try:
            return next(self._events)
        except yaml.YAMLError as error:
            raise self._refused(error) from None
        except StopIteration:
            raise RefusedError("it ends too early", self._content.count(b"\n") + 1) from None

    def _refused(self, error: yaml.YAMLError) -> RefusedError:
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
        if "nesting depth" in problem:  # libyaml's own limit, in some versions
            problem = f"it is nested more than {_DEEPEST} levels deep"
        else:
            problem = f"it is not YAML: {problem}"
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        # Of a character that YAML does not allow, its place in the file is told.
        line = mark.line if mark is not None else self._content.count(b"\n", 0, getattr(error, "position", 0))
        line += 1
        if self._is_conflict(line):
            problem = "it has the marks of a merge that git could not make: settle it, or record again"
        return RefusedError(problem, line)

    def _is_conflict(self, line: int) -> bool:
        near = self._content.split(b"\n", line + 1)[max(line - 2, 0) : line + 1]
        return any(text.startswith((b"<<<<<<< ", b"=======", b">>>>>>> ")) for text in near)

    def start(self) -> Event:
        """Return the event with which the content of the document begins, or the end of an empty file."""
        for kind in (StreamStartEvent, DocumentStartEvent):
            event = self.next()
            if not isinstance(event, kind):
                return event
        return self.next()

    def end(self) -> None:
        """Make sure that nothing follows the content."""
        for kind in (DocumentEndEvent, StreamEndEvent):
            event = self.next()
            if not isinstance(event, kind):
                raise RefusedError("another document begins here; a cassette is one", line_of(event))

    def value(self, event: Any) -> Any:
        """Return the plain value that begins with *event*: the scalar, the alias, or the whole collection."""
        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise RefusedError("it holds more values than a cassette of its size would", line_of(event))
        kind = type(event)
        if kind is ScalarEvent and event.anchor is None:
            self._size += _NODE_SIZE + len(event.value)
            return self._scalar(event)
        if kind is AliasEvent:
            return self._alias(event)
        anchor, before = event.anchor, self._size
        if anchor is not None:
            if anchor in self._anchors:
                raise RefusedError(f"the anchor {anchor!r} stands twice", line_of(event))
            self._anchors[anchor] = None
        self._size += _NODE_SIZE
        value: Any
        if kind is ScalarEvent:
            self._size += len(event.value)
            value = self._scalar(event)
        else:
            self._depth += 1
            if self._depth > _DEEPEST:
                raise RefusedError(f"it is nested more than {_DEEPEST} levels deep", line_of(event))
            value = self._collection(event)
            self._depth -= 1
        if anchor is not None:
            self._anchors[anchor] = value, self._size - before
        return value

    def _alias(self, event: Any) -> Any:
        known = self._anchors.get(event.anchor)
        if known is None:
            problem = "stands for what it is part of" if event.anchor in self._anchors else "stands for nothing"
            raise RefusedError(f"the alias {event.anchor!r} {problem}", line_of(event))
        value, size = known
        self._size += size
        self._unfolded_left -= size
        if self._unfolded_left < 0:
            raise RefusedError(
                f"with its aliases written out it is larger than {self._limits.setting} lets pass", line_of(event)
            )
        return value

    def _scalar(self, event: Any) -> Any:
        tag, text = event.tag, event.value
        if tag is None:
            if not event.implicit[0] or text[:1] not in _PLAIN:
                return text
            if text.isascii() and text.isdigit() and text[0] != "0" and len(text) < 20:  # as all statuses are
                return int(text)
            tag = next((tag for tag, pattern in _PLAIN[text[:1]] if pattern.match(text)), None)
            if tag is None:
                return text
        elif tag in _TEXT_TAGS:
            return text
        elif tag not in _SCALARS:
            raise _unknown(tag, event)
        if len(text) > _LONGEST_NUMBER and tag in _NUMBER_TAGS:
            raise RefusedError(f"a number has {len(text):,} digits", line_of(event))
        try:
            return _SCALARS[tag](_CONSTRUCTOR, yaml.nodes.ScalarNode(tag, text))
        except (ValueError, LookupError, AttributeError, OverflowError, yaml.YAMLError):
            shown = text if len(text) <= 60 else text[:57] + "…"
            kind = tag.removeprefix(_YAML)
            raise RefusedError(f"{shown!r} is no {kind}; put it in quotes if it is a text", line_of(event)) from None

    def _collection(self, event: Any) -> Any:
        if isinstance(event, SequenceStartEvent):
            if event.tag in _SEQUENCE_TAGS:
                return [self.value(item) for item in self.items(event)]
        elif isinstance(event, MappingStartEvent):
            if event.tag in _MAPPING_TAGS:
                return self._mapping(event)
            if event.tag in _BUFFER_TAGS:
                return _buffered(self._mapping(event), event)
        raise _unknown(event.tag, event)

    def items(self, start: Event) -> Iterator[Event]:
        """Yield the event with which each item of the sequence *start* begins."""
        while not isinstance(event := self.next(), SequenceEndEvent):
            yield event

    def members(self, start: Event) -> Iterator[tuple[Any, Event]]:
        """Yield each key of the mapping *start*, a scalar, with the event with which its value begins."""
        seen: set[str] = set()
        while not isinstance(event := self.next(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise RefusedError("a key is no plain text", line_of(event))
            if event.value in seen:
                raise RefusedError(f"the key {event.value!r} stands twice in one mapping", line_of(event))
            seen.add(event.value)
            yield self.value(event), self.next()

    def _mapping(self, start: Event) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        for key, event in self.members(start):
            value = self.value(event)
            if key in mapping:  # 1 and true are one key to Python
                raise RefusedError(f"the key {key!r} stands twice in one mapping", line_of(event))
            mapping[key] = value
        return mapping


def _unknown(tag: str, event: Event) -> RefusedError:
    return RefusedError(f"its tag {tag} asks for more than plain data; nothing is built from it", line_of(event))


def _buffered(mapping: Mapping[Any, Any], event: Event) -> bytes:
    """Return the buffer that vcrpy stored as a pickled BytesIO or iterator."""
    state = mapping.get("state") or mapping.get("args") or (b"",)
    content = state[0] if isinstance(state, list) and state else b""
    parts = content if isinstance(content, list) else [] if content is None else [content]
    if not all(isinstance(part, (bytes, str)) for part in parts):  # bytes(10**10) would fill the memory with zeros
        raise RefusedError("a buffer holds more than text", line_of(event))
    return b"".join(part.encode() if isinstance(part, str) else part for part in parts)
