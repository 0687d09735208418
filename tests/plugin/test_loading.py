"""The plugin behaves alike however it is loaded, and costs nothing where it is not used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from helpers.downstream import STATUS, Downstream, polled, whole_import

import pytest_hubfiles

SUITE = """
@pytest.mark.hubfiles(version="2026-03")
def test_import(hubfiles):
    assert import_a_file(hubfiles).json["result"]["size"] == 24574

def test_of_something_else():
    assert True
"""
HEAVY = (
    "aiohttp", "deepdiff", "http.client", "httpx", "jinja2", "jsonschema", "requests", "urllib.request", "urllib3",
    "vcr", "yaml",
)  # fmt: skip


@pytest.fixture
def uninstalled(tmp_path: Path) -> str:
    """A PYTHONPATH with a copy of this package on it and, as nothing is installed, all it needs besides."""
    copy = tmp_path / "checkout"
    package = Path(pytest_hubfiles.__file__).parent
    shutil.copytree(package, copy / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    if not (package / "schemas").is_dir():
        shutil.copytree(package.parent / "schemas", copy / "schemas")
    others = tmp_path / "site-packages"
    others.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.replace("-", "_").strip("_").startswith("pytest_hubfiles") and entry.suffix != ".pth":
            (others / entry.name).symlink_to(entry)
    return os.pathsep.join(map(str, (copy, others)))


def run_python(folder: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "HUBSPOT_"))}
    return subprocess.run(
        [sys.executable, *args],
        cwd=folder,
        env={**clean, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def report_of(folder: Path, python: Sequence[str], args: Sequence[str], environment: Mapping[str, str]) -> Any:
    quiet = (
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:hypothesispytest",
        "--hubfiles-report=json:report.json",
    )
    result = run_python(folder, *python, "-m", "pytest", *quiet, *args, **environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 passed" in result.stdout
    assert "hubfiles: judged 4 of 4 exchanges; " in result.stdout
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["checked"]["judged"] == 4
    del report["tool"]["version"]  # known to an installation only
    return report


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "environment"),
    [
        pytest.param(("-p", "pytest_hubfiles"), {}, id="installed and named"),
        pytest.param(
            ("-p", "pytest_hubfiles"), {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, id="installed, autoload off, named"
        ),
        pytest.param(("-p", "pytest_hubfiles"), None, id="not installed, named"),
    ],
)
def test_every_way_of_loading_is_the_same_plugin(
    downstream: Downstream, uninstalled: str, args: Sequence[str], environment: Mapping[str, str] | None
) -> None:
    """Whichever way the plugin is loaded, a suite comes to the report it comes to when it is just installed."""
    downstream.tests(SUITE)
    downstream.write(whole_import())
    installed = report_of(downstream.path, (), (), {})

    if environment is None:
        found = report_of(downstream.path, ("-S",), args, {"PYTHONPATH": uninstalled})
    else:
        found = report_of(downstream.path, (), args, environment)

    assert found == installed


@pytest.mark.slow
def test_the_copy_is_what_runs_when_nothing_is_installed(downstream: Downstream, uninstalled: str) -> None:
    """Without an installation nothing loads by itself, and named it is the copy on PYTHONPATH that is loaded."""
    downstream.tests("def test_where():\n    import pytest_hubfiles\n    print('from', pytest_hubfiles.__file__)")

    unnamed = run_python(downstream.path, "-S", "-m", "pytest", "--hubfiles-record=none", PYTHONPATH=uninstalled)
    named = run_python(
        downstream.path, "-S", "-m", "pytest", "-s", "-p", "pytest_hubfiles", "--hubfiles-record=none",
        PYTHONPATH=uninstalled,
    )  # fmt: skip

    assert unnamed.returncode == pytest.ExitCode.USAGE_ERROR
    assert "unrecognized arguments: --hubfiles-record=none" in unnamed.stderr
    assert named.returncode == 0, named.stdout + named.stderr
    assert f"from {uninstalled.partition(os.pathsep)[0]}{os.sep}pytest_hubfiles" in named.stdout


def test_it_can_be_turned_off(downstream: Downstream) -> None:
    """``-p no:pytest_hubfiles`` leaves neither the fixture nor the options nor the marker."""
    downstream.tests()

    run = partial(downstream.pytester.runpytest_inprocess, "-p", "no:pytest_hubfiles")  # it is loaded by its name
    without_options, with_option, markers = run(), run("--hubfiles-record=none"), run("--markers")

    without_options.assert_outcomes(errors=1)
    without_options.stdout.fnmatch_lines(["*fixture 'hubfiles' not found"])
    assert with_option.ret == pytest.ExitCode.USAGE_ERROR
    with_option.stderr.fnmatch_lines(["*unrecognized arguments: --hubfiles-record=none"])
    markers.stdout.no_fnmatch_line("*hubfiles*")


def test_the_marker_and_the_fixtures_are_documented(downstream: Downstream) -> None:
    """``--markers`` lists the marker with its arguments, ``--fixtures`` each fixture with what it is for."""
    downstream.run("--markers").stdout.fnmatch_lines(
        ["@pytest.mark.hubfiles(record=, version=, versions=, strict=, change=, cassette=, allow=, judge=): how *"]
    )
    downstream.run("--fixtures").stdout.fnmatch_lines_random(
        [
            "hubfiles -- *",
            "    Record or replay all HTTP of this test*",
            "hubfiles_token -- *",
            "hubfiles_vcr_config * -- *",
            "hubfiles_sandbox -- *",
        ]
    )


WITHIN = """
import shutil, pytest

pytest_plugins = "pytester"
SUITE = '''
import requests

def test_import(hubfiles):
    requests.get(hubfiles.base_url + "%s")
'''

@pytest.mark.parametrize("number", range(3))
def test_within(pytester, request, number):
    shutil.copytree(request.config.rootpath / "cassettes", pytester.path / "cassettes")
    pytester.makepyfile(test_files=SUITE)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "pytest_hubfiles")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["judged 1 of 1 exchange; *", "*$.completedAt  schema-violation: *"])
"""


@pytest.mark.slow
def test_each_run_within_a_run_judges(downstream: Downstream) -> None:
    """A suite that runs others in its process, as those of pytest plugins do, has each of them judged."""
    (downstream.path / "test_outer.py").write_text(WITHIN % STATUS, encoding="utf-8")
    downstream.write([polled("COMPLETE", change={"completedAt": 1})])

    result = run_python(downstream.path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_hubfiles")

    assert "3 passed" in result.stdout, result.stdout


PROBE = f"""
import sys
import pytest

code = pytest.main(["-q", "-p", "no:cacheprovider", "-p", "pytest_hubfiles", *sys.argv[1:]])
print("imported:", *sorted(set({HEAVY!r}) & set(sys.modules)))
print("of its own:", *sorted(name for name in sys.modules if name.startswith("pytest_hubfiles")))
sys.exit(code)
"""


def modules_of(downstream: Downstream, *args: str, **environment: str) -> tuple[list[str], str]:
    """Run the project in a fresh interpreter; return which heavy modules that has imported, and what it printed."""
    (downstream.path / "probe.py").write_text(PROBE, encoding="utf-8")
    result = run_python(downstream.path, "probe.py", *args, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", **environment)
    assert result.returncode == 0, result.stdout + result.stderr
    line = next(line for line in result.stdout.splitlines() if line.startswith("imported:"))
    return line.split()[1:], result.stdout


def test_a_suite_that_uses_nothing_imports_nothing(downstream: Downstream) -> None:
    """Loading the plugin, and running tests that do not use it, imports no heavy module and tells nothing."""
    downstream.tests("def test_of_something_else(request):\n    assert request.fixturenames == ['request']")

    imported, output = modules_of(downstream)

    assert imported == []
    assert re.findall(".*hubfiles.*", output) == [
        "of its own: pytest_hubfiles pytest_hubfiles.plugin pytest_hubfiles.plugin.entry"
        " pytest_hubfiles.settings pytest_hubfiles.settings.table"
    ]


def test_settings_in_the_ini_file_import_nothing(downstream: Downstream) -> None:
    """A suite that has settings in its ini file and runs no test with the fixture imports no heavy module."""
    downstream.ini("hubfiles_version = v3", "hubfiles_record = once", "hubfiles_max_age = 12w", "hubfiles_strict = yes")
    downstream.tests("def test_of_something_else(): pass")

    imported, _ = modules_of(downstream)

    assert imported == []


@pytest.mark.slow
def test_a_suite_that_replays_imports_no_heavy_module(downstream: Downstream) -> None:
    """A green replay needs none but the standard library's client; a recording does, so the probe sees."""
    downstream.tests(SUITE)
    downstream.write(whole_import())

    replaying, _ = modules_of(downstream)
    recording, _ = modules_of(
        downstream, "--hubfiles-record=rewrite", "--hubfiles-accept", f"--hubfiles-base-url={downstream.sandbox.url}",
        HUBSPOT_ACCESS_TOKEN="a-token-for-tests",
    )  # fmt: skip

    if sys.version_info >= (3, 11):  # the vcrpy for 3.10 cannot be called in later
        assert not {"aiohttp", "httpx", "requests", "vcr", "yaml"} & set(replaying)
    assert not {"deepdiff", "jsonschema"} & set(replaying)
    assert {"vcr", "yaml"} <= set(recording)


def test_the_public_names_are_there_and_typed() -> None:
    """Every name of ``__all__`` can be imported from the package, an unknown one is an AttributeError."""
    assert {name: getattr(pytest_hubfiles, name).__name__ for name in pytest_hubfiles.__all__} == {
        name: name for name in pytest_hubfiles.__all__
    }
    assert (Path(pytest_hubfiles.__file__).parent / "py.typed").is_file()
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        pytest_hubfiles.Nothing  # noqa: B018
