"""``hubfiles import-openapi``: from the document of another HubSpot API to tests that are judged by it."""

from __future__ import annotations

import hashlib
import io
import json
import re
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
    """The same document as YAML changes nothing but its digest."""
    (tmp_path / "exports.yaml").write_text(yaml.safe_dump(EXPORTS), "utf-8")
    hubfiles(spec, "--out", tmp_path / "a")

    assert hubfiles(tmp_path / "exports.yaml", "--out", tmp_path / "b").exit_code == 0

    for file in (tmp_path / "a" / "v3").iterdir():
        one, other = file, tmp_path / "b" / "v3" / file.name
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (spec, tmp_path / "exports.yaml")]
        assert one.read_text("utf-8").replace(*digests) == other.read_text("utf-8")


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

    assert refused.exit_code == 2
    assert refused.stdout == (
        f"changed: {mine} (GET {STATUS})\n"
        "  what is there cannot be compared: it is not JSON: Expecting value: line 1 column 1 (char 0)\n"
    )
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


# --- what changed ---


CHANGED = json.loads(json.dumps(EXPORTS).replace('"type": "integer"', '"type": "string"'))
CHANGED["info"]["version"] = "v3 of later"


def changed(tmp_path: Path, document: dict[str, object], name: str = "later.json") -> Path:
    file = tmp_path / name
    file.write_text(json.dumps(document), "utf-8")
    return file


def without_a_required_field() -> dict[str, object]:
    """The document of which the answer to a poll no longer promises when the task began."""
    document = json.loads(json.dumps(CHANGED))
    document["components"]["schemas"]["ActionResponseWithSingleResultURI"]["required"].remove("startedAt")
    return dict(document)


def test_what_changed_is_told_before_it_is_written(spec: Path, tmp_path: Path) -> None:
    """Each changed contract is told as a comparison tells it, with both documents; ``--check`` writes nothing."""
    out = tmp_path / "out"
    assert hubfiles(spec, "--out", out, "--check").exit_code == 1
    assert not out.exists()
    hubfiles(spec, "--out", out)
    unchanged = hubfiles(spec, "--out", out, "--check")
    assert (unchanged.exit_code, unchanged.stdout.count("unchanged: ")) == (0, 2)
    before = {file: file.read_bytes() for file in out.rglob("*.json")}
    later = changed(tmp_path, without_a_required_field())

    checked = hubfiles(later, "--out", out, "--check")
    refused = hubfiles(later, "--out", out)

    assert (checked.exit_code, checked.stderr, refused.exit_code) == (1, "", 2)
    change = "field-now-optional: schemas: was required in the file and is not in the document, so it can be missing"
    for done in (checked, refused):
        head, finding = done.stdout.splitlines()[:2]
        assert head.startswith(f"changed: {out / 'v3' / 'export-status.json'} (GET {STATUS}; made from ")
        assert re.fullmatch(r'.*"Exports, [^"]*" v3 \(sha256 .{12}…\), now "[^"]*" v3 of later \(sha256 .*', head)
        assert finding == f"  breaking  v3 export-status 200  $.startedAt  {change}"
    assert {file: file.read_bytes() for file in out.rglob("*.json")} == before
    forced = hubfiles(later, "--out", out, "--force")
    assert (forced.exit_code, "field-now-optional" in forced.stdout) == (0, True)
    assert hubfiles(later, "--out", out, "--check").exit_code == 0


def test_a_contract_remembers_its_document(spec: Path, tmp_path: Path) -> None:
    """Title, version and digest stand in the file; another document that says the same changes nothing but them."""
    out = tmp_path / "out"
    hubfiles(spec, "--out", out)
    source = schema_files.load([out]).get("v3", "export-status").source
    assert source is not None
    assert source.title == "Exports, as far as tests need them"
    assert (source.version, source.sha256) == ("v3", hashlib.sha256(spec.read_bytes()).hexdigest())
    later = changed(tmp_path, {**EXPORTS, "info": {**EXPORTS["info"], "description": "prose"}})

    checked = hubfiles(later, "--out", out, "--check")
    written = hubfiles(later, "--out", out)

    assert (checked.exit_code, written.exit_code) == (0, 0)
    assert "unchanged: " in checked.stdout
    assert f"made from {source}, now " in checked.stdout
    assert schema_files.load([out]).get("v3", "export-status").source != source


def test_an_operation_that_is_gone_or_was_asked_for(spec: Path, tmp_path: Path) -> None:
    """What was imported once is imported again, by the name it has; what the document has no more is told."""
    out = tmp_path / "out"
    hubfiles(spec, "--out", out, "--path", "/crm/v3/lists")
    (out / "v3" / "get-crm-lists.json").rename(out / "v3" / "lists.json")
    assert hubfiles(spec, "--out", out, "--check").stdout.count("unchanged: ") == 3
    paths = {path: item for path, item in EXPORTS["paths"].items() if "lists" not in path}
    later = changed(tmp_path, {**EXPORTS, "paths": paths})

    done = hubfiles(later, "--out", out, "--check")

    assert done.exit_code == 1, done.stdout
    assert (
        "gone: v3 lists (GET /crm/v3/lists); its file is left\n  breaking  v3 lists  $  operation-gone: " in done.stdout
    )


def test_a_difference_that_no_comparison_tells(spec: Path, tmp_path: Path) -> None:
    """A changed limit is a change, although it is none of shape."""
    document = json.loads(json.dumps(EXPORTS))
    document["components"]["schemas"]["ActionResponseWithSingleResultURI"]["maxProperties"] = 9
    hubfiles(spec, "--out", tmp_path / "out")

    done = hubfiles(changed(tmp_path, document), "--out", tmp_path / "out", "--check")

    assert done.exit_code == 1
    assert "the schemas differ in what a comparison does not tell" in done.stdout


@pytest.mark.parametrize("source", ["v3", {"title": "t"}, {"title": "t", "version": 3, "sha256": ""}])
def test_a_source_that_is_none(tmp_path: Path, source: object) -> None:
    """A source that lacks a part is refused like any other fault of a schema file."""
    file = tmp_path / "v3" / "import-status.json"
    file.parent.mkdir()
    document = json.loads((shipped_schemas() / "v3" / "import-status.json").read_text("utf-8"))
    document["x-hubfiles"]["source"] = source
    file.write_text(json.dumps(document), "utf-8")

    with pytest.raises(schema_files.SchemaFileError, match=r"its x-hubfiles\.source is .* it must have title, version"):
        schema_files.load([tmp_path])


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
