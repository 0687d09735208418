"""What a test patches of Python is no concern of this plugin: it judges the test, and tells of it, all the same."""

from __future__ import annotations

import builtins
import importlib
import json
import os
import pathlib
import sys
import threading
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from helpers.downstream import Downstream, whole_import
from helpers.patience import PATIENCE

from pytest_hubfiles import own_work as own_work_module
from pytest_hubfiles.own_work import own_work, own_work_on_texts, own_work_while_sending
from pytest_hubfiles.rehearsal.child import NoEndError, in_child

PATCHES = {
    "open": "monkeypatch.setattr('builtins.open', broken)",
    "import": "monkeypatch.setattr('builtins.__import__', importing)",
    "import_module": "monkeypatch.setattr('importlib.import_module', broken)",
    "json": "monkeypatch.setattr('json.dumps', broken); monkeypatch.setattr('json.loads', broken)",
    "os.open": "monkeypatch.setattr('os.open', broken)",
    "os.stat": "monkeypatch.setattr('os.stat', broken); monkeypatch.setattr('pathlib.Path.stat', broken)",
    "os.replace": "monkeypatch.delattr('os.replace')",
    "os.name": "monkeypatch.setattr('os.name', 'nt'); monkeypatch.setattr('sys.platform', 'win32')",
    "os.path": "monkeypatch.setattr('os.path.exists', broken); monkeypatch.setattr('os.path.isfile', broken)",
    "Path": "monkeypatch.setattr('pathlib.Path', None)",
    "read_bytes": "monkeypatch.setattr('pathlib.Path.read_bytes', lambda path: b'cat')",
    "read_text": "monkeypatch.setattr('pathlib.Path.read_text', lambda path, *_, **__: 'cat')",
    "re": "monkeypatch.setattr('re.compile', broken); monkeypatch.setattr('re.sub', broken)",
    "tempfile": "monkeypatch.setattr('tempfile.mkstemp', broken)",
}
STOPS_PYTEST = ("Path", "os.name")
"""pytest itself cannot tell of a failure then."""
SUITE = """
import builtins

IMPORT = builtins.__import__

def importing(name, *args, **kwargs):
    is_ours = name.startswith("pytest_hubfiles") and name != "pytest_hubfiles.plugin.setup"  # begins our own work
    return broken() if is_ours else IMPORT(name, *args, **kwargs)

def broken(*args, **kwargs):
    raise PermissionError("of the test")

@pytest.fixture
def patched(monkeypatch):
    {patch}

def test_import(hubfiles, monkeypatch):
    import_a_file(hubfiles)
    {patch}

def test_patched_before(patched, hubfiles, monkeypatch):
    monkeypatch.undo()
    import_a_file(hubfiles)
    {patch}

def test_failing(hubfiles, monkeypatch):
    task = import_a_file(hubfiles)
    {failing}
    assert task.task_status == "DONE"
"""


@pytest.mark.parametrize("name", PATCHES)
def test_a_test_that_patches_python(downstream: Downstream, name: str) -> None:
    """Its answers are judged while its patches are on, and its failure is told; after that they are on as they were."""
    for test in ("test_import", "test_patched_before", "test_failing"):
        downstream.write(whole_import(), downstream.cassette(test))
    downstream.tests(SUITE.format(patch=PATCHES[name], failing="" if name in STOPS_PYTEST else PATCHES[name]))

    result = downstream.run_apart()

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*judged 12 of 12 exchanges*", "FAILED *test_failing - AssertionError: *"])


ASKED_LATE = """
import json, os
from unittest import mock

OVER = []

def working(real):
    def work(*args, **kwargs):
        assert not OVER, "a patch of a test that is over is asked"
        return real(*args, **kwargs)
    return work

def test_first(request):
    with mock.patch("os.lstat", side_effect=working(os.lstat)), mock.patch("os.open", working(os.open)):
        with mock.patch("json.loads", autospec=True, side_effect=working(json.loads)):
            request.getfixturevalue("hubfiles")
    OVER.append(True)

def test_import(request):
    import_a_file(request.getfixturevalue("hubfiles"))

def test_failing(request):
    assert import_a_file(request.getfixturevalue("hubfiles")).task_status == "DONE"
"""


def test_the_first_test_asks_for_the_fixture_while_its_patches_are_on(downstream: Downstream) -> None:
    """What it has patched is never taken for what Python has there."""
    for test in ("test_import", "test_failing"):
        downstream.write(whole_import(), downstream.cassette(test))
    downstream.tests(ASKED_LATE)

    result = downstream.pytester.runpytest_subprocess("-p", "no:cacheprovider")  # with no option, nothing begins before

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["FAILED *test_failing - AssertionError: *"])


SENDING = """
import builtins, importlib, json, os, pathlib, re, sys, time
from unittest import mock

import httpx
import requests

WATCHED = {
    builtins: ["open"], json: ["dumps", "loads"], re: ["compile", "findall", "fullmatch", "match", "search", "sub"],
    os: ["getpid", "listdir", "lstat", "open", "replace", "stat"],
    os.path: ["abspath", "dirname", "exists", "isfile", "join"],
}
REFUSED = []

def watching(real, calls):
    def work(*args, **kwargs):
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.startswith("pytest_hubfiles") and not caller.startswith("pytest_hubfiles.sandbox"):
            calls.append((caller, real.__name__))
        return real(*args, **kwargs)
    return work

def importing(name, *args, imports=builtins.__import__, **kwargs):
    if name == "yaml":
        raise ImportError("of the test")
    return imports(name, *args, **kwargs)

def ask(client, hubfiles, token):
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async"
    return client.post(url, json=BODY, headers=headers, timeout=30)

@pytest.fixture
def calls(monkeypatch):
    found = []
    for owner, names in WATCHED.items():
        for name in names:
            monkeypatch.setattr(owner, name, watching(getattr(owner, name), found))
    monkeypatch.setattr(importlib, "import_module", mock.Mock(side_effect=ImportError("of the test")))
    monkeypatch.setattr(pathlib.Path, "read_bytes", lambda path: b"PNG")  # with which pytest reads our own modules
    return found

@pytest.mark.parametrize("client", [requests, httpx])
def test_watched(hubfiles, hubfiles_token, calls, client, monkeypatch):
    answer = ask(client, hubfiles, hubfiles_token)
    monkeypatch.undo()
    assert answer.json()["id"]
    assert not calls

@pytest.mark.parametrize("client", [requests, httpx])
def test_refused(hubfiles, calls, client, monkeypatch):
    monkeypatch.setattr(builtins, "__import__", importing)  # vcrpy is imported only now
    try:
        client.get(f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async/tasks/other/status")
    except BaseException as refusal:
        monkeypatch.undo()
        REFUSED.append((type(refusal).__name__, calls))
        raise

def test_what_was_refused():
    assert REFUSED == [("PollRefusedError", [])] * 2

def test_no_json(hubfiles, hubfiles_token):
    with mock.patch("json.loads", side_effect=json.JSONDecodeError("of the test", "", 0)) as loads:
        with pytest.raises(requests.exceptions.JSONDecodeError):
            ask(requests, hubfiles, hubfiles_token).json()
    loads.assert_called_once()
"""


def test_what_is_patched_while_a_client_sends(downstream: Downstream) -> None:
    """To find an answer, to record or to refuse one, asks no function that a test has patched; no mock counts it."""
    downstream.tests(SENDING)
    downstream.write(whole_import()[:1], downstream.cassette("test_no_json"))

    recorded = downstream.run_live("--hubfiles-record=once", "-k", "test_watched")
    replayed = downstream.run()

    recorded.assert_outcomes(passed=2, deselected=4)
    replayed.assert_outcomes(passed=4, failed=2)


HIDING = """
import aiohttp, asyncio, requests, sys, types
from unittest import mock

def ask(hubfiles):
    url = f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async"
    return requests.request("PATCH", url, json=BODY, timeout=30)

def test_broken(hubfiles, monkeypatch):
    monkeypatch.setitem(sys.modules, "wrapt", types.SimpleNamespace())
    try:
        ask(hubfiles)
    except Exception:
        pass

INSTEAD = {"none": None, "mock": mock.MagicMock(), "module": types.ModuleType("aiohttp")}

@pytest.mark.parametrize("instead", INSTEAD)
def test_hidden(hubfiles, monkeypatch, instead):
    monkeypatch.setitem(sys.modules, "aiohttp", INSTEAD[instead])
    ask(hubfiles)

def test_aiohttp(hubfiles):
    async def main():
        async with aiohttp.ClientSession() as session:
            url = f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async"
            async with session.post(url, json=BODY) as answer:
                assert (await answer.json())["id"]
    asyncio.run(main())
"""


@pytest.mark.parametrize("first", ["broken", "hidden[none]", "hidden[mock]", "hidden[module]"])
def test_what_is_hidden_when_vcrpy_is_imported(downstream: Downstream, first: str) -> None:
    """A test may hide a package or mock it: vcrpy finds it for all later tests. One that breaks vcrpy is not green."""
    downstream.tests(HIDING)
    tests = [f"test_{first}", "test_aiohttp"]
    for test in tests:
        downstream.write(whole_import()[:1], downstream.cassette(test))

    result = downstream.run_apart(*(f"test_files.py::{test}" for test in tests))

    result.assert_outcomes(passed=1, failed=1)
    said = "*.yaml could not be replayed: pytest-hubfiles, or a hook of *, failed: AttributeError: *"
    is_imported_late = sys.version_info >= (3, 11)  # before, vcrpy answers from the start
    is_broken = first == "broken" and is_imported_late
    result.stdout.fnmatch_lines([said if is_broken else "FAILED * - unmatched-request PATCH *"])


def test_a_mock_is_not_asked() -> None:
    """What looks at the patches leaves no trace in them: tests count how often their mocks were called."""
    with mock.patch("builtins.open") as opened, mock.patch("os.path.exists") as exists, own_work():
        pass
    assert opened.mock_calls == exists.mock_calls == []


def test_what_would_go_for_all_threads_stays_on_for_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread may write files meanwhile: what is fake for it stays so."""
    patcher = mock.Mock(is_patching=True)
    monkeypatch.setitem(
        sys.modules, "pyfakefs.fake_filesystem_unittest", SimpleNamespace(Patcher=SimpleNamespace(PATCHER=patcher))
    )
    done = threading.Event()
    other = threading.Thread(target=done.wait, args=(PATIENCE,), daemon=True)
    other.start()
    loads = json.loads
    with mock.patch("json.loads"), mock.patch("pathlib.PosixPath"), mock.patch("pathlib.Path") as path:
        for its in (own_work_on_texts(), own_work_while_sending()):
            with its:
                assert (json.loads("1"), pathlib.Path) == (1, path)
        assert not patcher.pause.called
        with own_work():
            assert patcher.pause.called
            assert pathlib.Path is not path
        assert (json.loads is loads, pathlib.Path) == (False, path)
    assert patcher.resume.called
    done.set()
    other.join()


def test_other_threads_keep_the_patches(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """A suite may patch what deletes files so that none is deleted: a thread of its own deletes none meanwhile."""
    kept = tmp_path / "kept"
    kept.touch()
    seen: list[object] = []
    monkeypatch.setattr(os, "remove", seen.append)

    def unlinked(path: pathlib.Path) -> None:
        seen.append(path)

    monkeypatch.setattr(pathlib.Path, "unlink", unlinked)
    monkeypatch.setattr(pathlib.Path, "exists", mock.Mock(return_value="mocked"))
    dumped, taken = mock.Mock(), []
    monkeypatch.setattr(json, "dump", dumped)
    begun, done = threading.Event(), threading.Event()

    def work() -> None:
        begun.wait(PATIENCE)
        os.remove(kept)  # noqa: PTH107  # what is patched
        kept.unlink()
        seen.append(kept.exists())
        json.dump.return_value = json.dump.called
        taken.append(json.dump)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    with own_work():
        begun.set()
        assert done.wait(PATIENCE)
        assert kept.exists() is True
    thread.join(PATIENCE)
    found = taken[0]
    assert seen == [kept, kept, "mocked"]
    found("in any thread")  # another thread's patch may put back what it found meanwhile
    assert dumped.call_args == mock.call("in any thread")
    assert (json.dump, dumped.return_value) == (dumped, False)
    assert os.remove == seen.append


def test_a_patch_that_is_undone_when_own_work_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread may undo its patch at that very moment: it is not put on again in the end."""
    done, real = threading.Event(), os.getpid
    other = threading.Thread(target=done.wait, args=(PATIENCE,), daemon=True)
    other.start()
    made = own_work_module._for_this_thread

    def undone_meanwhile(*args: Any) -> Any:
        os.getpid = real
        return made(*args)

    monkeypatch.setattr(own_work_module, "_for_this_thread", undone_meanwhile)
    monkeypatch.setattr(os, "getpid", print)
    with own_work_while_sending():
        assert os.getpid is real
    found = os.getpid
    done.set()
    other.join(PATIENCE)
    assert found is real


def test_what_another_thread_undoes_stays_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch that is gone by the end of own work is not put on again."""
    real = os.remove
    with own_work():
        pass
    monkeypatch.setattr(os, "remove", print)
    monkeypatch.setattr(os, "lstat", print)
    with own_work():
        os.remove = len  # type: ignore[assignment]
    assert os.remove is len
    assert os.lstat is print
    monkeypatch.undo()
    assert os.remove is real


def test_patches_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was patched, or taken away, is so again; and so it is with what is patched on top of that."""
    real, opened, stat = builtins.open, [], pathlib.Path.stat
    monkeypatch.setattr(builtins, "open", opened.append)
    monkeypatch.setattr(pathlib.Path, "stat", None)
    monkeypatch.delattr(os, "replace")
    monkeypatch.setattr(importlib, "import_module", None)

    with own_work(), own_work():
        assert builtins.open is real
        assert pathlib.Path.stat is stat
        assert callable(os.replace)
        assert callable(importlib.import_module)

    assert builtins.open == opened.append
    assert pathlib.Path.stat is None
    assert importlib.import_module is None
    assert not hasattr(os, "replace")


OF_A_MODULE = """
import builtins, os

class Broken:
    def __init__(self, *args, **kwargs):
        raise PermissionError("of the test")

@pytest.fixture(scope="module", autouse=True)
def patched():
    with pytest.MonkeyPatch.context() as patch:
        for name in ("open", "write", "lstat"):
            patch.setattr(os, name, Broken)
        patch.setattr(builtins, "open", Broken)
        yield

@pytest.mark.parametrize("number", range(2))
@pytest.mark.hubfiles(cassette="test_files/test_import")
def test_import(hubfiles, number):
    task = import_a_file(hubfiles)
    assert os.open is Broken
    assert task.json["result"]["size"]
"""


def test_a_rehearsal_of_tests_whose_module_patches_python(downstream: Downstream) -> None:
    """The second test is rehearsed as the first one is: its patches are on in each run, and off around them."""
    downstream.write(whole_import())
    downstream.tests(OF_A_MODULE)
    change = "import-status $.result.size field-removed"

    result = downstream.run_apart("--hubfiles-rehearse=allowed", f"--hubfiles-rehearse-only={change}")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"breaks*2/2  {change}*2 raise"])


GUARDED = """
import os

KILLPG = os.killpg

def killpg(pid, number):
    assert type(pid) is int and pid > 1, "a signal to every process"
    KILLPG(pid, number)

os.killpg = killpg
"""
OF_PROCESSES = """
import os, select, time
from unittest import mock

@pytest.fixture(scope="module", autouse=True)
def patched():
    with pytest.MonkeyPatch.context() as patch:
        mocks = {{name: mock.MagicMock() for name in {names}}}
        for name, one in mocks.items():
            patch.setattr(os, name, one)
        patch.setattr(time, "monotonic", lambda: 0.0)
        patch.setattr(select, "select", None)
        yield
    assert [name for name, one in mocks.items() if one.called] == []

@pytest.mark.parametrize("number", range(2))
@pytest.mark.hubfiles(cassette="test_files/test_import")
def test_import(hubfiles, number):
    assert import_a_file(hubfiles).json["result"]["size"]
"""


@pytest.mark.parametrize("names", [["fork"], ["fork", "kill", "waitpid", "setsid", "pipe"]], ids=len)
def test_a_rehearsal_of_tests_whose_module_patches_processes(downstream: Downstream, names: list[str]) -> None:
    """A mock that a module has for ``os.fork`` starts no process, and no process but a child gets a signal."""
    downstream.write(whole_import())
    (downstream.path / "conftest.py").write_text(GUARDED, encoding="utf-8")
    downstream.tests(OF_PROCESSES.format(names=names))
    change = "import-status $.result.size field-removed"

    result = downstream.run_apart("--hubfiles-rehearse=allowed", f"--hubfiles-rehearse-only={change}")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"breaks*2/2  {change}*2 raise"])


def test_a_fork_that_is_none() -> None:
    """What was patched before anything of this plugin ran is found out: no signal goes to what is no process."""
    with mock.patch("os.fork"), mock.patch("os.killpg") as killed, pytest.raises(NoEndError, match="is a MagicMock"):
        in_child(dict)
    assert not killed.called
