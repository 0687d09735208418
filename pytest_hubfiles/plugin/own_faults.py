"""What becomes of a fault of this plugin's own: its test or the run is red and says so, and nothing else suffers."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pytest_hubfiles.errors import HubfilesError

if TYPE_CHECKING:
    from pytest_hubfiles.plugin.run_settings import Run
    from pytest_hubfiles.run.one_test import TestRun


class Failure(pytest.fail.Exception):  # type: ignore[name-defined,misc]  # a class, of which mypy sees no more
    """A failure that this plugin raises: its text says it all, without a traceback, and begins with the fact."""

    def __init__(self, text: str) -> None:
        super().__init__(text, pytrace=False)


class OwnFaultError(HubfilesError):
    """An exception that nobody raised on purpose; ``doing`` says what it kept this plugin from."""

    def __init__(self, doing: str, error: Exception) -> None:
        self.doing = doing
        if isinstance(error, OSError):  # no fault of ours, nor of the tests
            needed = "the system allows that" if error.filename is None else "this path can be used"
            super().__init__(
                f"pytest-hubfiles could not go on while {doing}: {error}\n"
                f"Cassettes are as they were. See to it that {needed}."
            )
            return
        said = "".join(traceback.format_exception_only(type(error), error)).strip()
        steps = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)[-4:])).rstrip()
        super().__init__(
            f"pytest-hubfiles itself failed while {doing}: {said}\n"
            "Cassettes are as they were. Where these lines end in code of yours, such as a hook of "
            f"hubfiles_vcr_config, mend it; else please report them:\n{steps}"
        )


class failing:  # noqa: N801  # a function to who uses it, which as a generator would cost each test twice as much
    """Fail the test that is under way where this plugin fails, on purpose or not; a fault promotes nothing."""

    def __init__(self, doing: str, test_run: TestRun | None = None) -> None:
        self._doing, self._test_run = doing, test_run

    def __enter__(self) -> None:
        """Begin what may fail."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise a failure of the test in place of an error of ours; what the test raised stays as it is."""
        if not isinstance(error, Exception):
            return
        if isinstance(error, HubfilesError):
            raise Failure(str(error)) from None
        failure = Failure(str(OwnFaultError(self._doing, error)))
        if self._test_run is not None:
            self._test_run.faults.append(f"pytest-hubfiles itself failed while {self._doing}")
            self._test_run.failure = failure
        raise failure from None


@contextmanager
def complaining(run: Run, doing: str) -> Iterator[None]:
    """Have the run complain of a fault where pytest knows no test to blame for it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # whatever it is, pytest would end the whole run with INTERNALERROR
        run.complaints.append(str(OwnFaultError(doing, error)))


class _HasRun(Protocol):
    run: Run


def complains(hook: Callable[..., None]) -> Callable[..., None]:
    """Make *hook*, a method of something that has a ``run``, one that never raises, but has the run complain."""

    @functools.wraps(hook)  # pluggy reads the signature through it
    def guarded(self: _HasRun, *args: Any, **kwargs: Any) -> None:
        try:  # without a context, which each phase of each test would have to pay for
            hook(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  # see complaining
            self.run.complaints.append(str(OwnFaultError(f"in {hook.__name__}", error)))

    return guarded
