"""A test runs once for each version asked for, and its cassettes are apart by version and by nothing else of it."""

from __future__ import annotations

import pytest
from helpers.downstream import TEST_IMPORT, Downstream

VERSIONS = ("v3", "2025-09", "2026-03", "2026-09", "2026-09-beta")


@pytest.mark.parametrize(
    ("marker", "args"),
    [
        pytest.param("@pytest.mark.hubfiles(versions=['v3', '2026-03'])", (), id="marker"),
        pytest.param("@pytest.mark.hubfiles(versions=('v3', '2026-03', 'v3'))", (), id="marker with one twice"),
        pytest.param("", ("--hubfiles-version=v3", "--hubfiles-version=2026-03"), id="command line"),
        pytest.param("", ("-o", "hubfiles_version=v3\n2026-03"), id="ini"),
        pytest.param(
            "@pytest.mark.hubfiles(version='2025-09')",
            ("--hubfiles-version=v3", "--hubfiles-version=2026-03"),
            id="command line over marker",
        ),
    ],
)
def test_several_versions_are_several_tests(downstream: Downstream, marker: str, args: tuple[str, ...]) -> None:
    """A test for two versions runs twice, with the versions as ids, each against its own paths and cassette."""
    downstream.tests(f"{marker}{TEST_IMPORT}")

    result = downstream.run_live("-v", "--hubfiles-record=once", *args)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["test_files.py::test_import[[]v3] PASSED*", "test_files.py::test_import[[]2026-03] PASSED*"]
    )
    assert {request.path.split("/")[2] for request in downstream.sandbox.requests} == {"v3", "2026-03"}
    assert downstream.yaml_files() == [
        "cassettes/2026-03/test_files/test_import.yaml",
        "cassettes/v3/test_files/test_import.yaml",
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_one_version_adds_no_id(downstream: Downstream, version: str) -> None:
    """A single version leaves the test's name as it is, and replays what was recorded for it."""
    downstream.tests()
    downstream.record(f"--hubfiles-version={version}")

    result = downstream.run("-v", f"--hubfiles-version={version}")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["test_files.py::test_import PASSED*", f"  {version} *import-start * 202 *"])
    assert downstream.yaml_files() == [f"cassettes/{version}/test_files/test_import.yaml"]


def test_one_version_replays_what_several_recorded(downstream: Downstream) -> None:
    """What was recorded for two versions at once is found by a run for one of them, and the other way round."""
    downstream.tests()
    downstream.record("--hubfiles-version=v3", "--hubfiles-version=2026-03")

    downstream.run("--hubfiles-version=v3").assert_outcomes(passed=1)
    downstream.run().assert_outcomes(passed=1)


PARAMETRIZED = """
@pytest.mark.parametrize("name", ["cat", "dog"])
@pytest.mark.parametrize("number", [1, 2])
def test_import(number, name, hubfiles):
    import_a_file(hubfiles, name=f"{name}{number}")

class TestMore:
    @pytest.mark.parametrize("name", ["cat"])
    def test_import(self, hubfiles, name):
        import_a_file(hubfiles)

    def test_plain(self, hubfiles):
        import_a_file(hubfiles)
"""


def test_no_cassette_repeats_the_version(downstream: Downstream) -> None:
    """With other parameters and in classes too, a run for one version finds what a run for two recorded."""
    downstream.tests(PARAMETRIZED)
    downstream.record("--hubfiles-version=v3", "--hubfiles-version=2026-03")
    recorded = downstream.yaml_files()

    for version in ("v3", "2026-03"):
        result = downstream.run(f"--hubfiles-version={version}", "-v")
        result.assert_outcomes(passed=6)
        result.stdout.fnmatch_lines(["*::test_import[[]1-cat] PASSED*"])

    assert len(recorded) == 12
    assert downstream.yaml_files() == recorded
    assert sorted(name.removeprefix("cassettes/v3/") for name in recorded if "/v3/" in name) == sorted(
        name.removeprefix("cassettes/2026-03/") for name in recorded if "/2026-03/" in name
    )


def test_a_parameter_may_look_like_a_version(downstream: Downstream) -> None:
    """A test's own parameter called v3 stays part of the cassette's name."""
    downstream.tests(
        "@pytest.mark.parametrize('label', ['v3', '2026-03'])\n"
        "def test_import(label, hubfiles): print('sees', hubfiles.version, hubfiles.cassette.name)"
    )

    one = downstream.run("-s")
    two = downstream.run("-s", "--hubfiles-version=v3", "--hubfiles-version=2026-03")

    one.assert_outcomes(passed=2)
    two.assert_outcomes(passed=4)
    names = {line.split()[-1] for line in one.outlines if "sees" in line}
    assert len(names) == 2
    assert {line.split()[-1] for line in two.outlines if "sees" in line} == names


def test_ids_in_any_order(downstream: Downstream) -> None:
    """A parameter that stands before the version's in the id leaves the cassette's name as it is."""
    downstream.pytester.makeconftest(
        "import pytest\n"
        "@pytest.hookimpl(wrapper=True)\n"
        "def pytest_generate_tests(metafunc):\n"
        "    if 'early' in metafunc.fixturenames: metafunc.parametrize('early', ['x'])\n"
        "    return (yield)\n"
    )
    downstream.tests("def test_import(early, hubfiles): print('sees', hubfiles.version, hubfiles.cassette.name)")

    one = downstream.run("-s")
    two = downstream.run("-sv", "--hubfiles-version=v3", "--hubfiles-version=2026-03")

    two.stdout.fnmatch_lines(["*::test_import[[]x-v3]*"])
    names = {line.split()[-1] for result in (one, two) for line in result.outlines if "sees" in line}
    assert len(names) == 1, names


def test_the_beta_has_no_folder_operations(downstream: Downstream) -> None:
    """An operation that a version does not have is an error that names the versions that have it."""
    downstream.tests(
        "@pytest.mark.hubfiles(version='2026-09-beta')\n"
        "def test_folder(hubfiles): hubfiles.start_folder_update(id='1', name='pets')"
    )

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E *No contract for folder-update-start in version 2026-09-beta.", "E *: 2025-09, 2026-03, 2026-09, v3."]
    )
    assert downstream.asked() == 0


def test_a_test_may_talk_to_another_version(downstream: Downstream) -> None:
    """An exchange is judged by the version in its path, whatever version the test runs for."""
    downstream.tests(
        "import json, urllib.request\n"
        "def test_import(hubfiles):\n"
        "    url = hubfiles.base_url + '/files/v3/files/import-from-url/async'\n"
        "    headers = {'Content-Type': 'application/json', 'Authorization': 'Bearer a-token-for-tests'}\n"
        "    request = urllib.request.Request(url, json.dumps(BODY).encode(), headers)\n"
        "    urllib.request.urlopen(request).read()\n"
        "    assert [(e.version, e.operation) for e in hubfiles.exchanges] == [('v3', 'import-start')]\n"
    )

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["  v3  import-start  202  *1"])
    assert downstream.yaml_files() == ["cassettes/2026-03/test_files/test_import.yaml"]
