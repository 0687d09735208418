"""YAML read as plain data, event by event, within budgets for size, depth and aliases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final

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

from pytest_hubfiles.cassettes.errors import RefusedError
from pytest_hubfiles.cassettes.limits import BYTES_OF_A_VALUE, MOST_VALUES

_DEEPEST: Final = 100  # levels; vcrpy writes seven
_LONGEST_NUMBER: Final = 1_000  # characters; the time to read or print a number grows with their square
_NODE_SIZE: Final = 32  # bytes that count for each value that an alias repeats, besides its text

_YAML: Final = "tag:yaml.org,2002:"
_PYTHON: Final = _YAML + "python/"
_BUFFER_TAGS: Final = frozenset({_PYTHON + "object/new:_io.BytesIO", _PYTHON + "object/apply:builtins.iter"})
_NUMBER_TAGS: Final = frozenset({_YAML + "int", _YAML + "float"})
_CONSTRUCTOR: Final = yaml.constructor.SafeConstructor()

PlainScalars = Mapping[str, list[tuple[str, re.Pattern[str]]]]
"""What a plain scalar can be besides a text: tags and patterns, by its first character."""


def plain_scalars(*rows: tuple[str, str, Iterable[str]]) -> PlainScalars:
    """Make the table from rows of a type, a pattern, and the first characters of what it matches."""
    table: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for name, pattern, starts in rows:
        for start in starts:
            table.setdefault(start, []).append((_YAML + name, re.compile(rf"(?:{pattern})\Z")))
    return table


def scalar_types(*names: str) -> Mapping[str, Callable[..., Any]]:
    """Return how PyYAML builds scalars of these types, by tag."""
    return {_YAML + name: yaml.constructor.SafeConstructor.yaml_constructors[_YAML + name] for name in names}


def line_of(event: Event) -> int:
    """Return the line in which *event* begins, from 1."""
    return int(event.start_mark.line) + 1 if event.start_mark is not None else 1


class YamlReader:
    """Reads the one document of a YAML file piece by piece; each value is built when it is asked for.

    *largest* is how many bytes the document may have once its aliases are written out, *bound* says so in messages.

    Raises:
        RefusedError: from every method, if the file is not YAML or exceeds a budget.
    """

    kind: ClassVar[str]
    plain: ClassVar[PlainScalars]
    types: ClassVar[Mapping[str, Callable[..., Any]]]
    text_tags: ClassVar[frozenset[str]] = frozenset({"!", _YAML + "str"})
    sequence_tags: ClassVar[frozenset[str | None]] = frozenset({None, "!", _YAML + "seq"})
    mapping_tags: ClassVar[frozenset[str | None]] = frozenset({None, "!", _YAML + "map"})

    def __init__(self, content: bytes, largest: int, bound: str) -> None:
        self._content = content
        self._events: Iterator[Event] = yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._bound = bound
        self._nodes_left = MOST_VALUES + len(content) // BYTES_OF_A_VALUE
        self._unfolded_left = largest
        self._size = 0
        self._depth = 1  # the mapping that holds all else
        self._anchors: dict[str, tuple[Any, int] | None] = {}  # value and size; None while the value is being built

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
        # A character that YAML does not allow has a position in the file instead of a line.
        line = mark.line if mark is not None else self._content.count(b"\n", 0, getattr(error, "position", 0))
        line += 1
        if self._is_conflict(line):
            problem = "it has the conflict markers of a git merge: resolve the conflict"
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
                raise RefusedError(f"another document begins here; {self.kind} is one", line_of(event))

    def value(self, event: Any) -> Any:
        """Return the value that begins with *event*: a scalar, an alias, or a whole collection."""
        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise RefusedError(f"it holds more values than {self.kind} of its size would", line_of(event))
        kind = type(event)
        if kind is ScalarEvent and event.anchor is None:
            self._size += _NODE_SIZE + len(event.value)
            return self.scalar(event)
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
            value = self.scalar(event)
        else:
            self._depth += 1
            if self._depth > _DEEPEST:
                raise RefusedError(f"it is nested more than {_DEEPEST} levels deep", line_of(event))
            value = self._collection(event)
            self._depth -= 1
        if anchor is not None:
            self._anchors[anchor] = value, self._size - before
        return value

    key = value  # what a key stands for in a mapping

    def _alias(self, event: Any) -> Any:
        known = self._anchors.get(event.anchor)
        if known is None:
            problem = "stands for what it is part of" if event.anchor in self._anchors else "stands for nothing"
            raise RefusedError(f"the alias {event.anchor!r} {problem}", line_of(event))
        value, size = known
        self._size += size
        self._unfolded_left -= size
        if self._unfolded_left < 0:
            raise RefusedError(f"with its aliases written out it is larger than {self._bound}", line_of(event))
        return value

    def scalar(self, event: Any) -> Any:
        """Return the value of a scalar."""
        tag, text = event.tag, event.value
        if tag is None:
            known = self.plain.get(text[:1])
            if known is None or not event.implicit[0]:
                return text
            if text.isascii() and text.isdigit() and text[0] != "0" and len(text) < 20:  # as every HTTP status is
                return int(text)
            tag = next((tag for tag, pattern in known if pattern.match(text)), None)
            if tag is None:
                return text
        elif tag in self.text_tags:
            return text
        elif tag not in self.types:
            raise _unknown(tag, event)
        if len(text) > _LONGEST_NUMBER and tag in _NUMBER_TAGS:
            raise RefusedError(f"a number has {len(text):,} digits", line_of(event))
        try:
            return self.types[tag](_CONSTRUCTOR, yaml.nodes.ScalarNode(tag, text))
        except (ValueError, LookupError, AttributeError, OverflowError, yaml.YAMLError):
            excerpt = text if len(text) <= 60 else text[:57] + "…"
            name = tag.removeprefix(_YAML)
            raise RefusedError(f"{excerpt!r} is no {name}; put it in quotes if it is a text", line_of(event)) from None

    def _collection(self, event: Any) -> Any:
        if isinstance(event, SequenceStartEvent) and event.tag in self.sequence_tags:
            return [self.value(item) for item in self.items(event)]
        if isinstance(event, MappingStartEvent) and event.tag in self.mapping_tags:
            return self.mapping(event)
        return self.tagged(event)

    def tagged(self, event: Any) -> Any:
        """Return the value of a collection with a tag of its own; this reader knows none."""
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
            yield self.key(event), self.next()

    def mapping(self, start: Event) -> dict[Any, Any]:
        """Return the mapping that begins with *start*."""
        mapping: dict[Any, Any] = {}
        for key, event in self.members(start):
            value = self.value(event)
            if key in mapping:  # 1 and true are one key to Python
                raise RefusedError(f"the key {key!r} stands twice in one mapping", line_of(event))
            mapping[key] = value
        return mapping


def _unknown(tag: str, event: Event) -> RefusedError:
    return RefusedError(f"its tag {tag} asks for more than plain data; nothing is built from it", line_of(event))


class CassetteReader(YamlReader):
    """Reads what vcrpy and cassetter write: the types of JSON, bytes, times, and what vcrpy pickled.

    YAML 1.1 has types for dates, 12:30:45, "=" and "<<" too. vcrpy quotes such texts, cassetter 0.16 does not: here
    they are texts.
    """

    kind = "a cassette"
    plain = plain_scalars(
        ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
        ("int", "[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
        ("float", r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?", "-+0123456789"),
        ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+."),
    )
    types = scalar_types("binary", "bool", "float", "int", "null", "timestamp")
    text_tags = YamlReader.text_tags | {_PYTHON + "str", _PYTHON + "unicode"}
    sequence_tags = YamlReader.sequence_tags | {_PYTHON + "tuple"}

    def tagged(self, event: Any) -> Any:
        """Return the content of a buffer."""
        if isinstance(event, MappingStartEvent) and event.tag in _BUFFER_TAGS:
            return _buffered(self.mapping(event), event)
        return super().tagged(event)


def _buffered(mapping: Mapping[Any, Any], event: Event) -> bytes:
    """Return the content of a buffer that vcrpy stored as a pickled BytesIO or iterator."""
    state = mapping.get("state") or mapping.get("args") or (b"",)
    content = state[0] if isinstance(state, list) and state else b""
    parts = content if isinstance(content, list) else [] if content is None else [content]
    if not all(isinstance(part, (bytes, str)) for part in parts):  # bytes(10**10) would fill the memory with zeros
        raise RefusedError("a buffer holds more than text", line_of(event))
    return b"".join(part.encode() if isinstance(part, str) else part for part in parts)
