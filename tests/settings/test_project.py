"""The command line finds rootdir and settings where pytest finds them: each is asked about the same folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_hubfiles.settings.project import IniFileUnreadableError, Project

INI = "[pytest]\nhubfiles_cassettes = tapes\n"
CFG = "[tool:pytest]\nhubfiles_cassettes = tapes\n"
OPTIONS = '[tool.pytest.ini_options]\nhubfiles_cassettes = "tapes"\n'

LAYOUTS = {
    "pytest.ini": ({"pytest.ini": INI}, "a/b", ()),
    ".pytest.ini": ({".pytest.ini": INI}, "a", ()),
    "pyproject.toml": ({"pyproject.toml": OPTIONS}, "a/b", ()),
    "tox.ini": ({"tox.ini": INI}, "a", ()),
    "setup.cfg": ({"setup.cfg": CFG}, "a/b", ()),
    "a file of others is passed over": ({"pytest.ini": INI, "a/tox.ini": "[tox]\n", "a/setup.cfg": "[x]\n"}, "a/b", ()),
    "the first file of a folder": ({"pytest.ini": "[pytest]\n", "tox.ini": INI, "setup.cfg": CFG}, ".", ()),
    "pytest.ini without a section": ({"pytest.ini": "", "tox.ini": INI}, "a", ()),
    "an empty table": ({"pyproject.toml": "[tool.pytest.ini_options]\n", "tox.ini": INI}, "a", ()),
    "the nearest folder": ({"pytest.ini": INI, "a/tox.ini": "[pytest]\n"}, "a/b", ()),
    "pyproject.toml of other tools": ({"a/pyproject.toml": "[tool.black]\n", "setup.cfg": CFG}, "a/b", ()),
    "nothing but pyproject.toml of other tools": ({"a/pyproject.toml": "[tool.black]\n"}, "a/b", ()),
    "setup.py": ({"setup.py": ""}, "a/b", ()),
    "nothing at all": ({}, "a/b", ()),
    "from outside": ({"a/pytest.ini": INI}, ".", ("a/b",)),
    "a file is named": ({"a/pytest.ini": INI}, ".", ("a/b/c/x.yaml",)),
    "what two have in common": ({"pytest.ini": INI, "a/b/tox.ini": "[pytest]\n"}, ".", ("a/b", "a/other")),
    "two projects": ({"a/b/tox.ini": INI, "a/other/tox.ini": "[pytest]\n"}, ".", ("a/b", "a/other")),
    "several lines": ({"tox.ini": "[pytest]\nhubfiles_schemas =\n  one\n  two\n"}, "a", ()),
    "a list": ({"pyproject.toml": '[tool.pytest.ini_options]\nhubfiles_schemas = ["one", "two"]\n'}, "a", ()),
}


@pytest.mark.parametrize(("files", "here", "paths"), LAYOUTS.values(), ids=LAYOUTS)
def test_as_pytest_finds_it(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    here: str,
    paths: tuple[str, ...],
) -> None:
    """Rootdir is pytest's own, and so are the settings."""
    for folder in ("a/b/c", "a/other"):
        (pytester.path / folder).mkdir(parents=True)
    (pytester.path / "a/b/c/x.yaml").touch()
    for name, content in files.items():
        (pytester.path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(pytester.path / here)
    of_pytest = pytester.parseconfig(*(os.path.relpath(pytester.path / path) for path in paths))

    project = Project.of(Path(os.path.relpath(pytester.path / path)) for path in paths)

    assert project.rootdir.resolve() == of_pytest.rootpath
    for name in ("hubfiles_cassettes", "hubfiles_schemas"):
        assert (project.get(name) or "") == (of_pytest.getini(name) or "")


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pytest would stumble over is named, from where the command is called."""
    (tmp_path / "pyproject.toml").write_text("[tool", encoding="utf-8")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")

    with pytest.raises(IniFileUnreadableError, match=r"^\.\./pyproject\.toml cannot be read: "):
        Project.of()
