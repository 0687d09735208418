"""What a test calls its cassette: as pytest-recording does, and no two tests alike."""

from __future__ import annotations

from helpers.downstream import Downstream
from helpers.slow import ALONE_OR_WORKERS

BESIDE_PYTEST_RECORDING = """
import unittest

@pytest.fixture
def both(hubfiles, default_cassette_name):
    print("names", hubfiles.cassette.stem, default_cassette_name, sep="\\t")

def test_plain(both): pass

@pytest.mark.parametrize("size", ["small", "LARGE", "a b"])
@pytest.mark.parametrize("kind", ["png"])
def test_parametrized(both, kind, size): pass

class TestOfficial:
    def test_upload(self, both): pass

    class TestInner:
        @pytest.mark.parametrize("x", [1.5, None])
        def test_upload(self, both, x): pass

@pytest.mark.usefixtures("both")
class TestCase(unittest.TestCase):
    def test_upload(self): pass
"""


def test_names_are_those_of_pytest_recording(downstream: Downstream) -> None:
    """A suite that comes from pytest-recording finds its cassettes by name, whatever its classes and parameters."""
    downstream.tests(BESIDE_PYTEST_RECORDING)

    result = downstream.run("-s", "-p", "pytest_recording.plugin", "-W", "ignore")

    result.assert_outcomes(passed=8)
    names = [line.split("\t")[1:] for line in result.outlines if "names\t" in line]
    assert all(ours == theirs for ours, theirs in names)
    assert {ours for ours, _ in names} >= {
        "test_plain",
        "test_parametrized[png-LARGE]",
        "TestOfficial.test_upload",
        "TestInner.test_upload[1.5]",
        "TestCase.test_upload",
    }


NAMESAKES = """
@pytest.mark.parametrize("case", ["a", "A", "b"])
def test_import(case, hubfiles):
    import_a_file(hubfiles)

class TestOne:
    class TestInner:
        def test_import(self, hubfiles):
            import_a_file(hubfiles)

class TestOther:
    class TestInner:
        def test_import(self, hubfiles):
            import_a_file(hubfiles)

        @pytest.mark.hubfiles(cassette="named")
        def test_named(self, hubfiles):
            import_a_file(hubfiles)

class TestThird:
    class TestInner:
        def test_named(self, hubfiles):
            import_a_file(hubfiles)
"""


@ALONE_OR_WORKERS
def test_namesakes_are_refused(downstream: Downstream, args: tuple[str, ...]) -> None:
    """Tests whose cassettes are one file, if only where case is ignored, are errors that name both; others run."""
    downstream.tests(NAMESAKES)

    result = downstream.run_live("--hubfiles-record=once", *args)

    result.assert_outcomes(passed=3, errors=4)
    result.stdout.fnmatch_lines_random(
        [
            "test_files.py::test_import[[]a] and test_files.py::test_import[[]A] would share *[[]a].yaml, on file sys*",
            "test_files.py::TestOther::TestInner::test_import and test_files.py::TestOne::TestInner::test_import would "
            "share the cassette cassettes/2026-03/test_files/TestInner.test_import.yaml, which is called after *",
            'Rename one of them, or name its cassette: @pytest.mark.hubfiles(cassette="another-name").',
        ]
    )
    assert downstream.yaml_files() == [
        "cassettes/2026-03/named.yaml",
        "cassettes/2026-03/test_files/TestInner.test_named.yaml",
        "cassettes/2026-03/test_files/test_import[b].yaml",
    ]
