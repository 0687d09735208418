"""What CONTRIBUTING says of adding a thing: whoever forgets a step is reported which file is missing what."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from helpers.pages import PAGES, PROJECT, TEXT

from pytest_hubfiles import toml
from pytest_hubfiles.cli.main import main
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.record.clients import CLIENTS
from pytest_hubfiles.report.publishing import RENDERERS
from pytest_hubfiles.settings.table import SETTINGS
from pytest_hubfiles.settings.values import OPTIONS, REPORT_FORMATS

PACKAGE = PROJECT / "pytest_hubfiles"
REPORTS, REFERENCE = (PAGES[f"docs/reference/{name}.md"] for name in ("reports", "settings"))
NAMED = re.compile(r"`([a-z_]+(?:/[a-z_]+)*\.py)(?::([A-Za-z_.]+))?`")


def test_every_kind_is_in_the_schema_of_reports() -> None:
    """A kind of finding is one that report.schema.json lets pass."""
    schema = json.loads((PACKAGE / "report.schema.json").read_text(encoding="utf-8"))
    listed = schema["$defs"]["finding"]["properties"]["kind"]["enum"]
    missing = {kind.value for kind in Kind} ^ set(listed)
    assert not missing, f"pytest_hubfiles/report.schema.json and Kind differ in: {', '.join(sorted(missing))}"


def test_every_format_can_be_asked_for_and_is_tested() -> None:
    """A report format is one that the setting takes and its help names, and has tests of its own."""
    offered = set(RENDERERS) - {"terminal"}
    assert offered == set(REPORT_FORMATS), "RENDERERS in report/publishing.py and REPORT_FORMATS in settings/values.py"
    help_text = next(setting.help for setting in SETTINGS if setting.name == "report")
    unnamed = [name for name in REPORT_FORMATS if name not in help_text]
    assert not unnamed, f"the help of the setting report in settings/table.py does not name {', '.join(unnamed)}"
    undescribed = [name for name in REPORT_FORMATS if not re.search(rf"^\| `{name}`", REPORTS, re.MULTILINE)]
    assert not undescribed, f"the table of formats in docs/reference/reports.md has no row for {', '.join(undescribed)}"
    untested = [
        name
        for name in REPORT_FORMATS
        if name != "json" and not list((PROJECT / "tests").rglob(f"test_report_{name}.py"))
    ]
    assert not untested, f"there is no tests/report/test_report_<format>.py for {', '.join(untested)}"


def test_every_supported_client_is_installed_and_sends_in_tests() -> None:
    """A client that messages name is in the group ``clients``, and there is a sender for it in http_clients."""
    groups = toml.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    installed = {re.split(r"[>=<~! \[]", name)[0] for name in groups["clients"]}
    senders = next((PROJECT / "tests").rglob("http_clients.py")).read_text(encoding="utf-8")
    for client in CLIENTS:
        if client.is_supported:
            assert client.name in installed | {"http.client"}, f"{client.name} is not in the group clients"
            assert f'"{client.name}"' in senders, f"SENDERS in tests/helpers/http_clients.py has none for {client.name}"
            assert client.module, f"{client.name} has no module: a suite that imports it would leave the fast path"


def test_the_fast_path_knows_the_clients_it_answers() -> None:
    """Each module of ``record/fast`` that a client names is there."""
    for client in CLIENTS:
        if client.answered_by:
            assert (PACKAGE / f"record/fast/{client.answered_by}.py").is_file(), f"{client.name}: {client.answered_by}"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_read_and_described(setting: object) -> None:
    """A setting has a row in OPTIONS, and the reference has its name on the command line and in the ini file."""
    name, flag, ini = (getattr(setting, fact) for fact in ("name", "flag", "ini"))
    assert name in OPTIONS, f"OPTIONS in settings/values.py has no row {name}"
    if flag is not None:
        assert flag in REFERENCE, f"docs/reference/settings.md does not describe {flag}"
    if ini is not None:
        shown = f"`{ini.removeprefix('hubfiles_')}`"
        assert ini in REFERENCE or shown in REFERENCE, f"docs/reference/settings.md does not describe {ini}"


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_is_described(command: str) -> None:
    """The README or a page shows each command."""
    assert f"hubfiles {command}" in TEXT, f"no page in docs shows hubfiles {command}"


def _definitions(path: Path) -> set[str]:
    """Return the functions and classes of a module, and the methods of its classes as ``Class.method``."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return found


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_place_that_a_page_names_is_there(page: str) -> None:
    """Each file that the page names exists, and has the function or class that the page names in it."""
    for file, function in NAMED.findall((PROJECT / page).read_text(encoding="utf-8")):
        path = next((folder / file for folder in (PACKAGE, PROJECT) if (folder / file).is_file()), None)
        assert path is not None, f"{page} names {file}, and there is no such file"
        if function:
            assert function in _definitions(path), f"{page} names {file}:{function}, and there is no such definition"


def test_every_package_says_what_it_is_for_and_holds_no_logic() -> None:
    """The face of a package has a docstring, imports, names, and at most the lazy import of a name or of the plugin."""
    for face in sorted(PACKAGE.rglob("__init__.py")):
        tree = ast.parse(face.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{face} has no docstring"
        functions = [node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        allowed = {"__getattr__", "pytest_addoption"} if face.parent == PACKAGE else {"__getattr__"}
        assert allowed.issuperset(functions), f"{face} defines {', '.join(functions)}"


def test_modules_and_functions_are_short() -> None:
    """No module is longer than 350 lines, no function than 45."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 350, f"{path} has {text.count(chr(10))} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or 0) - node.lineno + 1
                assert lines <= 45, f"{path}: {node.name} has {lines} lines"


def test_no_two_classes_share_a_name() -> None:
    """A class of the package can be reported by its name alone."""
    homes: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}
