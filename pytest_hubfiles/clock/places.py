"""The places where a program holds functions of other modules, and how they hold replacements for a while."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import CellType, FunctionType, MemberDescriptorType
from typing import Any, Final

_MEASURING: Final = frozenset({"pytest_hubfiles", "_pytest", "pytest_timeout", "xdist", "execnet"})
"""The packages that measure a run rather than take part in a test, and this one."""

_REALLY_WAITING: Final = frozenset({"subprocess", "socketserver"})
"""The modules that compute how long to wait on for what no clock of ours can hurry."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a function, a static method of it, or a tuple of defaults with it in it, is held.

    ``owner`` holds it as an item or an attribute called ``name``, or in the slot that ``name`` describes.
    """

    owner: Any
    name: Any
    held: Any

    def put(self, value: object) -> None:
        """Have *value* held here."""
        if isinstance(self.owner, (dict, list)):
            self.owner[self.name] = value
        elif isinstance(self.name, MemberDescriptorType):
            self.name.__set__(self.owner, value)
        else:
            setattr(self.owner, self.name, value)

    def holds(self, value: object) -> bool:
        """Return whether *value* is what is held here now."""
        try:
            if isinstance(self.owner, (dict, list)):
                return self.owner[self.name] is value
            if isinstance(self.name, MemberDescriptorType):
                return self.name.__get__(self.owner) is value
            if isinstance(self.owner, type):
                return vars(self.owner)[self.name] is value
            return getattr(self.owner, self.name) is value
        except (LookupError, AttributeError, ValueError):  # gone; a cell without contents is a ValueError
            return False


def find(functions: Iterable[object]) -> list[Place]:
    """Return every place that holds one of *functions*, but for those that go on seeing real time.

    Found are names in modules, classes and instances, defaults of parameters, variables of closures, and the entries
    of dicts and lists. A local variable of a function under way is not, nor is an entry of a tuple.
    """
    known = {id(function): function for function in functions}
    holders = gc.get_referrers(*known.values())
    # A tuple may be a function's defaults, and a dict a class's namespace, which only the class may change.
    static = [holder for holder in holders if isinstance(holder, staticmethod)]
    held = [*holders, *(gc.get_referrers(*static) if static else ())]
    inner = [holder for holder in held if isinstance(holder, tuple) or _is_namespace_of_class(holder)]
    outer = [holder for holder in gc.get_referrers(*inner) if isinstance(holder, (FunctionType, type))]
    places = (place for holder in [*holders, *outer] if holder is not known for place in _in(holder, known))
    return list({(id(place.owner), place.name): place for place in places}.values())


def _is_namespace_of_class(holder: object) -> bool:
    return isinstance(holder, dict) and "__module__" in holder


def _in(holder: Any, known: Mapping[int, object]) -> Iterator[Place]:
    if isinstance(holder, dict):
        if not _is_namespace_of_class(holder) and not sees_real_time(holder.get("__name__")):
            yield from _entries(holder, known)
    elif isinstance(holder, list):
        yield from (Place(holder, number, value) for number, value in enumerate(holder) if id(value) in known)
    elif isinstance(holder, CellType):
        yield Place(holder, "cell_contents", holder.cell_contents)
    elif isinstance(holder, FunctionType):
        defaults = holder.__defaults__ or ()
        if any(id(value) in known for value in defaults) and not sees_real_time(holder.__module__):
            yield Place(holder, "__defaults__", defaults)
    elif isinstance(holder, type):
        if not sees_real_time(holder.__module__):
            for name, value in list(vars(holder).items()):
                if id(value.__func__ if isinstance(value, staticmethod) else value) in known:
                    yield Place(holder, name, value)
    elif not isinstance(holder, staticmethod):
        yield from _in_instance(holder, known)


def _entries(holder: dict[Any, Any], known: Mapping[int, object]) -> Iterator[Place]:
    yield from (Place(holder, key, value) for key, value in list(holder.items()) if id(value) in known)


def _in_instance(holder: object, known: Mapping[int, object]) -> Iterator[Place]:
    try:
        namespace = object.__getattribute__(holder, "__dict__")  # a proxy would give another object's
    except AttributeError:
        namespace = None
    if type(namespace) is dict:
        yield from _entries(namespace, known)
    for kind in type(holder).__mro__:
        for member in list(vars(kind).values()):
            if isinstance(member, MemberDescriptorType):
                value = _slot(member, holder)
                if id(value) in known:
                    yield Place(holder, member, value)


def _slot(member: MemberDescriptorType, holder: object) -> object:
    try:
        return member.__get__(holder)
    except AttributeError:  # the slot is empty
        return None


def sees_real_time(module: object) -> bool:
    """Return whether what the *module* does goes on in real time."""
    return isinstance(module, str) and (module in _REALLY_WAITING or module.partition(".")[0] in _MEASURING)


class Replacement:
    """Functions put in the place of others, everywhere, until :meth:`undo` puts back what was there."""

    def __init__(self, places: Iterable[Place], functions: Mapping[Any, Any]) -> None:
        by_id = {id(function): other for function, other in functions.items()}
        self._put: list[tuple[Place, object]] = []
        for place in places:
            if isinstance(place.held, tuple):
                new: object = tuple(by_id.get(id(value), value) for value in place.held)
            elif isinstance(place.held, staticmethod):
                new = staticmethod(by_id[id(place.held.__func__)])
            else:
                new = by_id[id(place.held)]
            if place.holds(place.held):
                self._try(place, new)

    def _try(self, place: Place, new: object) -> None:
        try:
            place.put(new)
        except (AttributeError, TypeError):  # it is read-only
            return
        self._put.append((place, new))

    def undo(self) -> None:
        """Put back what was there, wherever nobody has put anything else in between."""
        for place, new in self._put:
            if place.holds(new):
                place.put(place.held)
        self._put.clear()
