"""What outlives its test: a thread or task that a test did not wait for must not send in another test's name."""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final
from weakref import WeakSet

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.record.network_block import NetworkBlock
from pytest_hubfiles.record.patch_points import PatchPoint

_DISPATCHERS: Final = frozenset(
    {"anyio", "asgiref", "asyncio", "concurrent", "multiprocessing", "selectors", "socketserver", "threading", "trio"}
)
"""Packages whose threads do what others hand to them; what they have been handed is what belongs to a test."""


_WAIT_SECONDS: Final = 0.05
_MOST_WAITS: Final = 200


class LateRequestError(HubfilesError):
    """A request, or an attempt to connect, of a ``test`` that has ended."""

    def __init__(self, test: str, asked: str, by: str) -> None:
        self.test, self.asked, self.by = test, asked, by
        super().__init__(
            f"{asked} was refused: {by} was begun by {test}, which has ended.\n"
            "Nothing of it is recorded, replayed or judged. Have the test wait for what it begins: join the thread, "
            "shut the pool down, await the task."
        )


@dataclass(eq=False)
class _Life:
    """The time in which a test may send.

    What was begun in a context of the test belongs to it, unless that context serves other tests too: anyio runs the
    tests of a module in one task, which the first of them may have begun. Then ``shared`` has the tasks that were there
    when the test ended, and only those are the test's.
    """

    test: str
    has_ended: bool = False
    shared: WeakSet[Any] | None = None

    def end(self, loops: Iterable[Any]) -> None:
        """Note that the test has ended, and what it leaves in *loops*."""
        self.has_ended = True
        tasks = [task for loop in loops for task in sys.modules["asyncio"].all_tasks(loop)]
        if any(map(_runs_tests, tasks)):
            self.shared = WeakSet(tasks)

    def is_of(self, task: Any) -> bool:
        """Return whether *task*, which runs in a context of the test, is the test's own."""
        return self.shared is None or (task in self.shared and not _runs_tests(task))


def _runs_tests(task: Any) -> bool:
    return task is not None and "TestRunner." in getattr(task.get_coro(), "__qualname__", "")


_LIFE: Final[ContextVar[_Life | None]] = ContextVar("hubfiles_life", default=None)
"""That of the test in whose context a task was begun."""


class _AtExit:
    """What a test has registered with ``atexit``, as it is, but for whose it is."""

    def __init__(self, call: Callable[..., object], life: _Life) -> None:
        self._call, self._life = call, life

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        _EXITING.append(self._life)
        try:
            self._call(*args, **kwargs)
        finally:
            _EXITING.remove(self._life)

    def __eq__(self, other: object) -> bool:  # atexit.unregister gets what was registered
        return self._call == other

    def __hash__(self) -> int:
        return hash(self._call)


_EXITING: Final[list[_Life]] = []


class Stragglers:
    """Refuses what tests send that have ended; *told* gets a text for each.

    Whose a request is, the context of its task says or, in a thread, the call that it is part of: the outermost one
    that was not under way when the test began, and is no dispatcher's, in a thread that the test began or that a
    dispatcher keeps. If that is under way still when the test ends, what it sends from then on is late. So a pool of
    the whole session works for every test, whichever has its threads started, and what it goes on doing for a test that
    has ended is that test's.
    """

    def __init__(self, told: list[str], base_url: str) -> None:
        self._told, self._base_url = told, base_url
        self._life: _Life | None = None
        self._before: dict[int, list[FrameType]] = {}
        self._left: dict[int, tuple[FrameType, _Life]] = {}  # by the number of the thread
        self._loops: WeakSet[Any] = WeakSet()
        self._exits = PatchPoint(atexit, "register", atexit.register, self._register)
        self._has_exits = False
        self._block: NetworkBlock | None = None

    def stand_guard(self) -> None:
        """Stand between threads and the network from now on, beneath what does so for a test."""
        while _ENDED:
            _ENDED.pop().stand_down()
        if self._block is None:
            self._block = NetworkBlock(self._base_url, self._refused, concerns=lambda: self._late() is not None)
            self._block.__enter__()

    def stand_down(self) -> None:
        """Stand no more between threads and the network."""
        if self._block is not None:
            self._block.__exit__(None, None, None)
            self._block = None

    def begin(self, test: str) -> None:
        """Note that *test* begins, in this thread."""
        self._life = _Life(test)
        _LIFE.set(self._life)
        self._before = _stacks()
        if not self._exits.is_on:
            self._exits = PatchPoint(atexit, "register", atexit.register, self._register)
            self._exits.put_on()

    def _register(self, call: Any, *args: Any, **kwargs: Any) -> Any:
        life = _LIFE.get() or self._life
        self._has_exits = self._has_exits or life is not None
        register: Any = self._exits.original
        register(call if life is None else _AtExit(call, life), *args, **kwargs)
        return call

    def end(self) -> None:
        """Note that the test has ended: what it has begun must not send any more."""
        life, before = self._life, self._before
        if life is None:
            return
        self._life, self._before = None, {}
        life.end(self._loops if self._loops else ())
        if self._exits.is_on:
            self._exits.take_off()
        _LIFE.set(None)
        stacks = _stacks()
        self._forget_who_ended(stacks)
        for thread, stack in stacks.items():
            call = _call(stack, before.get(thread, []))
            if call is not None and thread not in self._left:
                self._left[thread] = call, life

    def wait(self) -> None:
        """Wait, though not for ever, for calls that were left in threads for which Python waits before it ends.

        If anything is left then, stand guard until the process ends, or another run in it begins.
        """
        for _ in range(_MOST_WAITS):
            stacks = _stacks() if self._left else {}
            busy = [
                thread
                for thread in threading.enumerate()
                if not thread.daemon
                and thread.ident in self._left
                and self._left[thread.ident][0] in stacks.get(thread.ident, ())
            ]
            if not busy:
                break
            busy[0].join(_WAIT_SECONDS)
        self._forget_who_ended(_stacks())
        if self._left or self._has_exits:
            _ENDED.append(self)
        else:
            self.stand_down()

    def _forget_who_ended(self, stacks: Mapping[int, Sequence[FrameType]]) -> None:
        self._left = {thread: left for thread, left in self._left.items() if left[0] in stacks.get(thread, ())}

    def check(self, method: str, url: str) -> None:
        """Refuse a request that is sent here and now, if the test whose it is has ended.

        Raises:
            LateRequestError: if it has.
        """
        __tracebackhide__ = True
        if self._late() is not None:
            raise self._refused(f"{method} {url.partition('?')[0]}")

    def _late(self) -> _Life | None:
        """Return the test to which what runs here belongs, if that test has ended."""
        if _EXITING and threading.current_thread() is threading.main_thread():
            return _EXITING[-1]
        loop = sys.modules["asyncio"]._get_running_loop() if "asyncio" in sys.modules else None
        life = _LIFE.get()
        if loop is not None:
            self._loops.add(loop)
        if life is not None and (loop is not None or not life.has_ended):
            is_late = life.has_ended and life.is_of(sys.modules["asyncio"].current_task(loop))
            return life if is_late else None
        if self._left and (left := self._left.get(threading.get_ident())) is not None:
            frame: FrameType | None = sys._getframe()
            while frame is not None:
                if frame is left[0]:
                    return left[1]
                frame = frame.f_back
        return None

    def _refused(self, asked: str) -> LateRequestError:
        life = self._late()
        by = "the task that sent it" if _LIFE.get() is life else f"the thread {threading.current_thread().name}"
        by = "what sent it at exit" if _EXITING else by
        error = LateRequestError("a test" if life is None else life.test, asked, by)
        if str(error) not in self._told:
            self._told.append(str(error))
            if _EXITING and sys.stderr is not None:  # the run has been reported
                sys.stderr.write(f"{error}\n")
        return error


_ENDED: Final[list[Stragglers]] = []
"""Those of runs in this process that are over and still stand guard."""


def _stacks() -> dict[int, list[FrameType]]:
    """Return the calls that each other thread carries out, the innermost first."""
    if threading.active_count() == 1:
        return {}
    stacks = {}
    for thread, frame in sys._current_frames().items():
        if thread != threading.get_ident():
            stacks[thread] = [frame]
            while (outer := stacks[thread][-1].f_back) is not None:
                stacks[thread].append(outer)
    return stacks


def _call(stack: list[FrameType], before: list[FrameType]) -> FrameType | None:
    """Return the outermost call of *stack* that is not in *before* and no dispatcher's.

    None if there is none: then the thread waits for something to do, or goes on with what it did before. So does a
    thread from before the test whose loop is no dispatcher's: nobody can tell for whom it does what.
    """
    modules = [str(frame.f_globals.get("__name__", "")) for frame in stack]
    if next((module for module in modules if module != "threading"), "") == "queue":  # as workers of all kinds do
        return None
    goes_on = next((module for frame, module in zip(stack, modules, strict=True) if frame in before), "threading")
    if goes_on.partition(".")[0] not in _DISPATCHERS:
        return None
    names = {
        frame.f_code.co_name for frame, module in zip(stack, modules, strict=True) if module.startswith("asyncio.")
    }
    if "run_forever" in names and "run_until_complete" not in names:  # whose each task is, its context says
        return None
    for frame, module in zip(reversed(stack), reversed(modules), strict=True):
        if frame not in before and module.partition(".")[0] not in _DISPATCHERS:
            return frame
    is_timer = not before and set(modules) == {"threading"}  # or has just been started
    return stack[-1] if is_timer else None
