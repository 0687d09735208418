"""``hubfiles import-openapi``: from the document of another HubSpot API to tests that are judged by it."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from helpers.downstream import Downstream
from helpers.exports import EXPORTS, START, STATUS

from pytest_hubfiles.cli.main import main
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.judge.shipped import shipped_schemas

TASK = "90151673"

# CRM exports, in words of our own. Documented by HubSpot (OpenAPI, 2026-08-21): the paths, an integer as the task's id,
# the names of both answers, that an ended task has no taskId and a URL as its result. The rest is as in its kin.


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The document in a file."""
    file = tmp_path / "exports.json"
    file.write_text(json.dumps(EXPORTS), "utf-8")
    return file


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    exit_code: object
    stdout: str
    stderr: str


def hubfiles(*args: object) -> Done:
    """Run the command in this process: click's own runner mixes the two outputs before click 8.2."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(["import-openapi", *map(str, args)], prog_name="hubfiles")
    return Done(ended.value.code, out.getvalue(), err.getvalue())


def test_help() -> None:
    """The command explains itself."""
    assert hubfiles("--help").stdout.startswith("Usage: hubfiles import-openapi [OPTIONS] SPEC\n")


def test_files_are_written(spec: Path, tmp_path: Path) -> None:
    """One command writes a file per operation, in the form of the shipped ones, and says which."""
    done = hubfiles(spec, "--out", tmp_path / "schemas")

    assert (done.exit_code, done.stderr) == (0, "")
    folder = tmp_path / "schemas" / "v3"
    assert done.stdout == (
        f"written: {folder / 'export-start.json'} (POST {START})\n"
        f"written: {folder / 'export-status.json'} (GET {STATUS})\n"
    )
    assert sorted(file.name for file in folder.iterdir()) == ["export-start.json", "export-status.json"]
    text = (folder / "export-status.json").read_text("utf-8")
    document = json.loads(text)
    assert text == json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    assert list(document) == list(json.loads((shipped_schemas() / "v3" / "import-status.json").read_text("utf-8")))
    assert document["title"] == "export-status v3"
    assert document["$defs"]["ActionResponseWithSingleResultURI"]["properties"]["result"] == {
        **{"type": "string", "x-format": "uri"}
    }
    contracts = schema_files.load([tmp_path / "schemas"])
    assert contracts.get("v3", "export-status").path == STATUS


def test_yaml_gives_the_same_files(spec: Path, tmp_path: Path) -> None:
    """The same document as YAML changes no byte."""
    (tmp_path / "exports.yaml").write_text(yaml.safe_dump(EXPORTS), "utf-8")
    hubfiles(spec, "--out", tmp_path / "a")

    assert hubfiles(tmp_path / "exports.yaml", "--out", tmp_path / "b").exit_code == 0

    for file in (tmp_path / "a" / "v3").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / "v3" / file.name).read_bytes()


def test_paths_and_a_version(spec: Path, tmp_path: Path) -> None:
    """More paths and another version are asked for by options; what is not judged is told apart from the files."""
    done = hubfiles(spec, "--out", tmp_path / "out", "--version", "2027-03", "--path", "*/lists", "--path", "/crm/*")

    assert done.exit_code == 0
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.json")) == [
        "2027-03/export-start.json",
        "2027-03/export-status.json",
        "2027-03/get-crm-lists.json",
    ]


def test_a_note_goes_to_stderr(tmp_path: Path) -> None:
    """What a contract leaves unjudged is reported on stderr, so that stdout lists files alone."""
    (tmp_path / "exports.json").write_text(
        json.dumps({**EXPORTS, "paths": {STATUS: EXPORTS["paths"][STATUS]}}), "utf-8"
    )

    done = hubfiles(tmp_path / "exports.json", "--out", tmp_path / "out")

    assert done.stderr == f"note: {STATUS}: no POST {START} that would start the task\n"
    assert done.stdout.splitlines() == [f"written: {tmp_path / 'out' / 'v3' / 'export-status.json'} (GET {STATUS})"]


def test_again(spec: Path, tmp_path: Path) -> None:
    """A second import of the same document leaves the files alone, whatever the ends of their lines."""
    hubfiles(spec, "--out", tmp_path / "out")
    files = [tmp_path / "out" / "v3" / name for name in ("export-start.json", "export-status.json")]
    files[1].write_bytes(files[1].read_bytes().replace(b"\n", b"\r\n"))
    before = [(file.stat().st_ino, file.read_bytes()) for file in files]

    done = hubfiles(spec, "--out", tmp_path / "out")

    assert done.exit_code == 0
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["unchanged", "unchanged"]
    assert [(file.stat().st_ino, file.read_bytes()) for file in files] == before


def test_a_file_that_differs_is_kept(spec: Path, tmp_path: Path) -> None:
    """A file that says something else is named and kept, no other one is written either, unless --force is given."""
    mine = tmp_path / "out" / "v3" / "export-status.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", "utf-8")

    refused = hubfiles(spec, "--out", tmp_path / "out")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"These files exist and differ from what would be written:\n  {mine}\n"
        "Nothing was written. Replace them with --force, or give another folder with --out.\n"
    )
    assert [file.name for file in mine.parent.iterdir()] == ["export-status.json"]
    assert mine.read_text("utf-8") == "mine"

    forced = hubfiles(spec, "--out", tmp_path / "out", "--force")

    assert forced.exit_code == 0
    assert json.loads(mine.read_text("utf-8"))["title"] == "export-status v3"


@pytest.mark.parametrize(
    ("content", "args", "said"),
    [
        (None, (), "exports.json cannot be imported: No such file or directory"),
        ("{", (), "cannot be imported: it is not JSON: "),
        ('{"swagger": "2.0"}', (), "it is Swagger 2.0; OpenAPI 3.0 and 3.1 are read.\n"),
        ('{"openapi": "3.0.1", "paths": {"/a": {}}}', (), "none of its 1 paths ends in /tasks/{…}/status"),
        (json.dumps(EXPORTS), ("--path", "/nothing/*"), "--path '/nothing/*' matches none of its 3 paths"),
        (json.dumps(EXPORTS), ("--version", "latest"), "'latest' is not a HubSpot API version.\nA version is written"),
    ],
    ids=["no file", "no JSON", "Swagger", "no task", "no such path", "no version"],
)
def test_refusal(tmp_path: Path, content: str | None, args: tuple[str, ...], said: str) -> None:
    """What cannot be imported is reported in a sentence, with status 2, and nothing is written."""
    if content is not None:
        (tmp_path / "exports.json").write_text(content, "utf-8")

    done = hubfiles(tmp_path / "exports.json", "--out", tmp_path / "out", *args)

    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("out", "export-start.json could not be written: "),
        ("out/v3/export-status.json/folder", "export-status.json could not be written: Is a directory"),
    ],
    ids=["a file for the folder", "a folder for the file"],
)
def test_folder_that_cannot_be_written(spec: Path, tmp_path: Path, there: str, said: str) -> None:
    """What the system does not let be written is named, with the system's reason."""
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_text("", "utf-8")

    done = hubfiles(spec, "--out", tmp_path / "out", "--force")

    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert list(tmp_path.rglob("*.tmp")) == []


# --- and then ---------------------------------------------------------------------------------------------------


@contextmanager
def exports(**change: object) -> Iterator[str]:
    """Serve exports that end with their second poll; *change* is what the last answer says besides."""
    polls = iter(["PENDING", "COMPLETE"])

    class Exports(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body: dict[str, object] = {"id": TASK}
            if self.command == "GET":
                body = {"status": next(polls), "startedAt": "2026-10-05T09:14:02Z"}
                body["completedAt"] = "2026-10-05T09:14:03Z"
            if body.get("status") == "COMPLETE":
                body |= {"result": "https://example.com/export.csv", **change}
            content = json.dumps(body).encode()
            self.send_response(202 if self.command == "POST" else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815  # the names http.server looks for

        def log_message(self, *args: object) -> None:
            """Keep silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Exports) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


TEST_EXPORT = f"""
import json
import urllib.request

@pytest.mark.hubfiles(version="v3")
def test_export(hubfiles):
    asked = json.dumps({{"exportType": "VIEW", "objectType": "CONTACT"}}).encode()
    request = urllib.request.Request(
        hubfiles.base_url + "{START}", asked, {{"Content-Type": "application/json"}}
    )
    with urllib.request.urlopen(request) as answer:
        task = json.load(answer)["id"]
    done = hubfiles.wait("export-status", task, interval=0)
    assert done.task_status == "COMPLETE"
    assert (done.operation, done.version) == ("export-status", "v3")
"""


def imported(downstream: Downstream) -> None:
    """Put the test, and the imported schemas, into the project."""
    (downstream.path / "exports.json").write_text(json.dumps(EXPORTS), "utf-8")
    assert hubfiles(downstream.path / "exports.json", "--out", downstream.path / "schemas").exit_code == 0
    downstream.tests(TEST_EXPORT)


def test_imported_contract_judges(downstream: Downstream) -> None:
    """A test of CRM exports is recorded, judged under the imported contracts, and replays with the server gone."""
    imported(downstream)
    with exports() as url:
        recorded = downstream.run("--hubfiles-schemas=schemas", f"--hubfiles-base-url={url}", "--hubfiles-record=once")
    replayed = downstream.run("--hubfiles-schemas=schemas")

    for result in (recorded, replayed):
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["  v3 *export-start *202*", "  v3 *export-status *200 *PENDING*"])
        result.stdout.no_fnmatch_line("*under no contract*")
    assert downstream.cassette("test_export", version="v3").is_file()


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        ({"result": 7}, "*breaking*export-status*$.result*"),
        ({"completedAt": "yesterday"}, "*breaking*export-status*$.completedAt*"),
    ],
    ids=["a type", "a format"],
)
def test_imported_contract_finds_what_is_wrong(
    downstream: Downstream, change: dict[str, object], reported: str
) -> None:
    """What the imported document does not allow fails the test that saw it, by operation and path."""
    imported(downstream)
    with exports(**change) as url:
        result = downstream.run("--hubfiles-schemas=schemas", f"--hubfiles-base-url={url}", "--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([reported])
    assert not downstream.cassette("test_export", version="v3").exists()
