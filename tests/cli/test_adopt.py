"""``hubfiles adopt``: suites recorded with pytest-recording and plain vcrpy replay under this plugin in the end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.downstream import Downstream, whole_import, write_cassette

from pytest_hubfiles.sandbox import Sandbox

TOKEN = "pat-na1-a1b2c3d4-5e6f-4a1b-8c2d-3e4f5a6b7c8d"
UPLOADER = """
import os
import requests

BASE = os.environ.get("BASE", "https://api.hubapi.com")

def upload(version="v3", name="cat.png"):
    headers = {"Authorization": f"Bearer {os.environ.get('TOKEN', 'none')}"}
    start = f"{BASE}/files/{version}/files/import-from-url/async"
    body = {
        "url": f"https://example.com/{name}", "access": "PRIVATE", "overwrite": False,
        "duplicateValidationScope": "ENTIRE_PORTAL", "duplicateValidationStrategy": "NONE",
    }
    task = requests.post(start, json=body, headers=headers).json()["id"]
    while True:
        done = requests.get(f"{start}/tasks/{task}/status", headers=headers).json()
        if done["status"] == "COMPLETE":
            return done["result"]["id"]
"""
RECORDED = '''
"""Recorded with pytest-recording."""

import pytest

from uploader import upload

@pytest.fixture(scope="module")
def vcr_config():
    return {"filter_headers": [("authorization", "DUMMY")]}

@pytest.mark.vcr
def test_upload():
    assert upload()

@pytest.mark.parametrize("name", ["a.png", "b/c.png"])
@pytest.mark.vcr()
def test_named(name):
    assert upload(name=name)

@pytest.mark.vcr
class TestOfficial:
    def test_upload(self):
        assert upload()

@pytest.mark.default_cassette("mine.yaml")
@pytest.mark.vcr
def test_other():
    assert upload("2026-03")

def test_nothing():
    assert True
'''
WHOLE_MODULE = """
import pytest
from uploader import upload

pytestmark = [pytest.mark.vcr, pytest.mark.filterwarnings("error")]

def test_one():
    assert upload()

def test_two():
    assert upload(name="two.png")
"""
PLAIN = '''
"""Recorded with plain vcrpy."""
from __future__ import annotations

import vcr

from uploader import upload

recorder = vcr.VCR(cassette_library_dir="tests/fixtures")

@recorder.use_cassette("shared.yaml")
def test_decorated():
    assert upload()

def test_within():
    with recorder.use_cassette("within.yaml"):
        text = """
        kept
        """

        assert upload()
    assert "        kept" in text

@recorder.use_cassette()
def test_of_its_name():
    assert upload()

class TestPlain:
\t@recorder.use_cassette("shared.yaml")
\tdef test_shared(self):
\t\tassert upload()
'''
COUNTED = """
import vcr
from uploader import upload

def test_counted():
    with vcr.use_cassette("tests/fixtures/counted.yaml") as played:
        assert upload()
    assert len(played) == 4
"""


def run(project: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {key: value for key, value in os.environ.items() if key not in ("CI", "HUBSPOT_ACCESS_TOKEN")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project, capture_output=True, text=True, check=False, env={**known, **environment},
    )  # fmt: skip


def hubfiles(project: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return run(project, "pytest_hubfiles", *args)


def recorded(project: Path, sandbox: Sandbox, **modules: str) -> None:
    """Write a suite, record it with its own recorder, and have it say that HubSpot was asked."""
    (project / "tests").mkdir()
    (project / "uploader.py").write_text(UPLOADER, encoding="utf-8")
    (project / "pytest.ini").write_text("[pytest]\npythonpath = .\ntestpaths = tests\n", encoding="utf-8")
    for name, text in modules.items():
        (project / "tests" / f"test_{name}.py").write_text(text.strip(), encoding="utf-8")
    options = ("-q", "-p", "no:pytest_hubfiles", "-p", "no:cacheprovider", "--record-mode=once")
    done = run(project, "pytest", *options, BASE=sandbox.url, TOKEN=TOKEN)
    assert done.returncode == 0, done.stdout
    address = sandbox.url.removeprefix("http://")
    for file in (file for file in project.rglob("*") if file.is_file() and file.suffix != ".pyc"):
        text = file.read_text(encoding="utf-8")
        text = text.replace(sandbox.url, "https://api.hubapi.com").replace(address, "api.hubapi.com")
        file.write_text(text, encoding="utf-8")


def state(project: Path) -> dict[str, bytes]:
    files = (file for file in project.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(project).as_posix(): file.read_bytes() for file in files}


def applied(project: Path, said: str) -> None:
    """Change the tests as it was *said*."""
    (project / "said.txt").write_text(said, encoding="utf-8")
    subprocess.run(["git", "apply", "said.txt"], cwd=project, check=True)
    (project / "said.txt").unlink()


def replay(project: Path, *args: str) -> dict[str, int]:
    """Replay the suite with our plugin; it has to be green. Return how much was judged."""
    done = run(project, "pytest", "-q", "-p", "no:cacheprovider", "--hubfiles-report=json:report.json", *args)
    assert done.returncode == 0, done.stdout
    checked = json.loads((project / "report.json").read_text(encoding="utf-8"))["checked"]
    return {"exchanges": checked["exchanges"], "judged": checked["judged"]}


@pytest.mark.slow
def test_a_suite_of_pytest_recording(tmp_path: Path, sandbox: Sandbox) -> None:
    """Functions, parameters, classes, names of one's own and whole modules come along, and replay as they are."""
    recorded(tmp_path, sandbox, recorded=RECORDED, whole=WHOLE_MODULE)
    before = state(tmp_path)

    told = hubfiles(tmp_path, "adopt", "tests")

    assert state(tmp_path) == before
    revoke = "by hand: revoke the credentials that stood in "
    assert told.stderr.startswith(
        "note: tests/test_recorded.py:8: vcr_config is for pytest-recording; hubfiles_vcr_config "
    )
    assert f"\n{revoke}tests/cassettes/test_whole/test_one.yaml, tests/cassettes/test_whole/test_" in told.stderr
    assert told.stderr.endswith("\nNothing was changed; --write moves the cassettes.\n")
    assert told.stderr.count("\n") == 3
    lines = told.stdout.splitlines()
    assert (
        "tests/cassettes/test_recorded/mine.yaml: 2026-03 import-start, import-status; 2026-03 ends in September 2027; "
        "4 of 4 exchanges can be judged; no credentials, 4 placeholders"
    ) in lines
    upload, named = "TestOfficial.test_upload.yaml", "test_named[a.png].yaml"
    assert (
        f"tests/test_recorded.py::TestOfficial::test_upload looks for cassettes/v3/tests/test_recorded/{upload}, "
        f"to be moved from tests/cassettes/test_recorded/{upload}"
    ) in lines
    assert f"test_named[a.png] looks for cassettes/v3/tests/test_recorded/{named}, to be moved from " in told.stdout
    assert "test_nothing" not in told.stdout.partition("in the tests")[0]

    written = hubfiles(tmp_path, "adopt", "tests", "--write")

    assert (written.returncode, written.stderr.count("\n")) == (1, 2)
    assert not list((tmp_path / "tests").rglob("*.yaml"))
    moved = tmp_path / "cassettes/v3/tests/test_recorded" / upload
    assert moved.read_bytes() == before[f"tests/cassettes/test_recorded/{upload}"]
    applied(tmp_path, written.stdout)
    assert replay(tmp_path) == {"exchanges": 28, "judged": 28}
    again = hubfiles(tmp_path, "adopt", "tests")
    assert again.returncode == 2
    assert "no test there has @pytest.mark.vcr, use_cassette or VCRTestCase, and there is no cassette" in again.stderr


@pytest.mark.slow
def test_a_suite_of_plain_vcrpy(tmp_path: Path, sandbox: Sandbox) -> None:
    """Decorators and blocks go, a shared cassette is copied, and a credential does not come along."""
    recorded(tmp_path, sandbox, plain=PLAIN)
    assert (tmp_path / "tests/fixtures/test_of_its_name").is_file()

    told = hubfiles(tmp_path, "adopt", "tests")
    written = hubfiles(tmp_path, "adopt", "tests", "--write")

    assert (told.returncode, written.returncode) == (1, 1)
    assert (
        "tests/fixtures/within.yaml: v3 import-start, import-status; v3 ends in September 2027; 4 of 4 exchanges can "
        in (told.stdout)
    )
    assert "; credentials in the request header Authorization\n" in told.stdout
    assert "test_shared.yaml, copied from tests/fixtures/shared.yaml, without its credentials\n" in written.stdout
    assert "test_of_its_name.yaml, moved from tests/fixtures/test_of_its_name, without" in written.stdout
    assert "by hand: say in pytest's settings which version the suite is for: hubfiles_version = v3\n" in told.stderr
    assert "by hand: revoke the credentials that stood in " in told.stderr
    assert "by hand: delete what was copied, once the tests replay: tests/fixtures/shared.yaml\n" in written.stderr
    assert "delete" not in told.stderr
    assert [file.name for file in (tmp_path / "tests/fixtures").iterdir()] == ["shared.yaml"]
    assert not any(TOKEN in file.read_text(encoding="utf-8") for file in (tmp_path / "cassettes").rglob("*.yaml"))
    applied(tmp_path, written.stdout)
    assert not re.search(r"import vcr|vcr\.|recorder", (tmp_path / "tests/test_plain.py").read_text(encoding="utf-8"))
    assert replay(tmp_path, "-o", "hubfiles_version=v3") == {"exchanges": 16, "judged": 16}


CASES = """
from vcr.unittest import VCRMixin, VCRTestCase
import vcr
import unittest

from uploader import upload

scrubbing = vcr.VCR(filter_headers=["authorization"])

class TestCase(VCRTestCase):
    def test_upload(self):
        self.assertTrue(upload())

class TestMixed(VCRMixin, unittest.TestCase):
    def _get_cassette_library_dir(self):
        return "tests/mine"

    def test_upload(self):
        assert upload()
        assert self.cassette.play_count is not None

class Other(unittest.TestCase):
    def test_other(self):
        with scrubbing.use_cassette("tests/mine/other.yaml"):
            assert upload()
"""
BASE = """
from vcr.unittest import VCRTestCase

class Base(VCRTestCase):
    pass
"""
DERIVED = """
from base import Base
from uploader import upload

class TestDerived(Base):
    def test_upload(self):
        assert upload()
"""


@pytest.mark.slow
def test_a_suite_of_test_cases(tmp_path: Path, sandbox: Sandbox) -> None:
    """Classes of vcrpy's test case become plain ones that replay; what nothing uses any more goes, or is told."""
    (tmp_path / "base.py").write_text(BASE, encoding="utf-8")
    recorded(tmp_path, sandbox, cases=CASES, derived=DERIVED)

    written = hubfiles(tmp_path, "adopt", "tests", "--write")

    cassette = "TestMixed.test_upload.yaml"
    assert f"looks for cassettes/v3/tests/test_cases/{cassette}, moved from tests/mine/{cassette}" in written.stdout
    for said in (
        "test_cases.py:14: _get_cassette_library_dir of TestMixed is vcrpy's; return what it adds from hubfiles_vcr_",
        "test_cases.py:19: TestMixed looks into self.cassette; hubfiles.exchanges has what was sent",
        "nothing uses scrubbing any more; return what it is made with from the fixture hubfiles_vcr_config",
        "test_derived.py::TestDerived::test_upload has vcrpy's test case above it, in another module: have that be ",
    ):
        assert said in written.stderr
    applied(tmp_path, written.stdout)
    changed = (tmp_path / "tests/test_cases.py").read_text(encoding="utf-8")
    assert "vcr.unittest" not in changed
    assert "class TestCase(unittest.TestCase):" in changed
    assert "class TestMixed(unittest.TestCase):" in changed
    base = BASE.replace("from vcr.unittest import VCRTestCase", "import pytest\nimport unittest")
    base = base.replace("class Base(VCR", '@pytest.mark.usefixtures("hubfiles")\nclass Base(unittest.')
    (tmp_path / "base.py").write_text(base, encoding="utf-8")
    (tmp_path / "tests/test_cases.py").write_text(changed.replace("self.cassette.play_count", "0"), encoding="utf-8")
    assert replay(tmp_path, "-o", "hubfiles_version=v3") == {"exchanges": 16, "judged": 16}


@pytest.mark.slow
def test_options_of_a_recorder_that_is_gone(tmp_path: Path, sandbox: Sandbox) -> None:
    """A suite whose addopts name options of its recorder is collected without that, and told to take them out."""
    recorded(tmp_path, sandbox, whole=WHOLE_MODULE)
    options = "addopts = --record-mode none --block-network --allowed-hosts=x -p no:recording"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = .\n{options}\n", encoding="utf-8")

    told = run(tmp_path, "pytest_hubfiles", "adopt", "tests", PYTEST_ADDOPTS="--record-mode=all")

    assert told.returncode == 1
    assert "test_one looks for cassettes/v3/tests/test_whole/test_one.yaml, to be moved from " in told.stdout
    for option in ("--record-mode none", "--block-network", "--allowed-hosts=x", "--record-mode=all"):
        assert f"by hand: take {option} out of addopts: pytest knows it only with the recorder " in told.stderr


@pytest.mark.slow
def test_what_is_left_to_a_person(tmp_path: Path, sandbox: Sandbox) -> None:
    """A test without a cassette, one that looks into vcrpy's, and a cassette that is there already are told."""
    lost = WHOLE_MODULE.replace("def test_two():", "def test_two(vcr):")
    recorded(tmp_path, sandbox, counted=COUNTED, whole=lost)
    (tmp_path / "tests/cassettes/test_whole/test_two.yaml").unlink()
    (tmp_path / "tests/cassettes/broken.yaml").write_text("interactions: [", encoding="utf-8")
    there = write_cassette(tmp_path / "cassettes/v3/tests/test_whole/test_one.yaml", *whole_import())
    before = there.read_bytes()

    done = hubfiles(tmp_path, "adopt", "tests", "--write")

    assert done.returncode == 1
    assert "test_one looks for cassettes/v3/tests/test_whole/test_one.yaml, which is there\n" in done.stdout
    assert "tests/cassettes/broken.yaml: cannot be read: " in done.stdout
    assert there.read_bytes() == before
    for said in (
        "by hand: record tests/test_whole.py::test_two, which has no cassette: pytest --hubfiles-record once ",
        "by hand: tests/test_whole.py::test_two asks for the fixture vcr; hubfiles.exchanges has what was sent\n",
        "by hand: test_counted.py:5: take the body of test_counted out of its `with`, and ask for the fixture hubfiles",
    ):
        assert said in done.stderr


@pytest.mark.slow
def test_a_suite_that_cannot_be_collected(tmp_path: Path) -> None:
    """What pytest says of a broken module is shown; so is that there is nothing to adopt."""
    (tmp_path / "test_broken.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    broken = hubfiles(tmp_path, "adopt", ".")
    assert broken.returncode == 2
    assert "pytest cannot collect the tests, which tells which cassette each looks for:\n" in broken.stderr
    assert "No module named 'nothing_of_this_name'" in broken.stderr

    (tmp_path / "test_broken.py").write_text("def test_it(): pass\n", encoding="utf-8")
    assert "no test there has @pytest.mark.vcr, use_cassette or VCRTestCase" in hubfiles(tmp_path, "adopt", ".").stderr


def test_an_adopted_cassette_is_ours_to_the_byte(downstream: Downstream) -> None:
    """A cassette of ours that another recorder's test looks for is moved as it is."""
    source = write_cassette(downstream.path / "cassettes/test_files/test_import.yaml", *whole_import())
    content = source.read_bytes()
    downstream.tests("@pytest.mark.vcr\ndef test_import():\n    pass\n")

    assert hubfiles(downstream.path, "adopt", ".", "--write").returncode == 0

    assert downstream.cassette().read_bytes() == content
