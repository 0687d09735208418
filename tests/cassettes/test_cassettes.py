"""Cassette files: where they lie, what they hold, how a bad one is refused, and how one is written."""

from __future__ import annotations

import errno
import json
import os
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.answers import CANCELED, COMPLETE, DATED_IMPORT, LOCATOR, answer, interaction
from helpers.hostile import UNREADABLE, one
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_recording.plugin import get_default_cassette_name
from vcr.serializers import yamlserializer

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes import CassetteNotWrittenError, CassetteUnreadableError
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.exchange import Interaction

GET = interaction("GET", "/files/v3/x", COMPLETE, headers={"Date": "Tue, 06 Oct 2026 00:00:00 GMT"})
few = settings(max_examples=150)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a cassette is to lie."""
    return tmp_path / "cassettes" / "v3" / "test_x" / "test_y.yaml"


def with_body(body: bytes) -> Interaction:
    return replace(GET, response_body=body)


def read_back(folder: Path, *interactions: Interaction) -> list[Interaction]:
    file = folder / "back.yaml"
    file.write_bytes(cassettes.dump(interactions))
    return cassettes.read(file)


# --- names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "test_import", "test-import", "a.b", "9", "_", "-", "x" * 100, "test_import.v2", "Test_Import",
        "TestOfficial.test_upload", "test_x[png-small]", "test_x[a b]", "test_ü[ß→😀]", "日本",
        "test_x[50$ & (more), #1]",
    ],
)  # fmt: skip
def test_safe_names_stand(name: str) -> None:
    """A name that every file system takes as it is stands as it is, as pytest-recording has it."""
    assert cassettes.safe_name(name) == name
    assert get_default_cassette_name(None, name) == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("test_import[https://a.b/c?d]", "test_import[https---a.b-c-d]"),
        ("a/b", "a-b"),
        ("..", "cassette"),
        (".hidden", "hidden"),
        ("", "cassette"),
        ("ends.", "ends"),
        ("ends ", "ends"),
        ("test.candidate", "test.candidate"),
        ("NUL", "NUL"),
        ("com1", "com1"),
        ("aux.yaml", "aux-yaml"),
        ("x" * 101, "x" * 89),
        ("é" * 51, "é" * 44),
        ("nul\x00byte", "nul-byte"),
        ("\ud800", "cassette"),
        ("line\nbreak", "line-break"),
        ("left\u202eright", "left-right"),
        ("test_x-0123456789", "test_x-0123456789"),
        ("test_x-ABCDEF0123", "test_x-ABCDEF0123"),
    ],
)
def test_other_names_keep_their_words_and_get_a_hash(name: str, words: str) -> None:
    """Of any other name what is safe stands, with a hash of the whole of it, the same on every machine."""
    safe = cassettes.safe_name(name)
    assert safe.rpartition("-")[0] == words
    assert re.fullmatch("[0-9a-f]{10}", safe.rpartition("-")[2])
    assert safe == cassettes.safe_name(name)


def test_hashes_are_stable() -> None:
    """A cassette is found again by the next release: the hash is part of the format."""
    assert cassettes.safe_name("test_import[a/b]") == "test_import[a-b]-417c4b030c"


NAMES = st.text(
    st.sampled_from("aAbBüÜßéÉıİſK1._-/\\: []*?\x00\n") | st.characters(exclude_categories=["Cs"]), max_size=12
)


@pytest.mark.slow
@settings(max_examples=400)
@given(st.lists(NAMES, min_size=2, max_size=12, unique_by=cassettes.folded))
def test_names_are_unique_on_every_file_system(names: list[str]) -> None:
    """No two names share a file that differ by more than case and the form of a letter, which a run refuses."""
    for fold in (str, str.casefold, str.upper, *(lambda s, f=f: unicodedata.normalize(f, s) for f in ("NFC", "NFKD"))):
        assert len({fold(cassettes.safe_name(name)) for name in names}) == len(names)


@few
@given(NAMES)
def test_names_in_two_normal_forms_are_one(name: str) -> None:
    """What differs by case or by unicode's normal form alone is the same once it is folded."""
    forms = {unicodedata.normalize(form, name) for form in ("NFC", "NFD")} | {name.upper(), name.lower()}
    assert len({cassettes.folded(form) for form in forms}) == 1


@few
@given(NAMES, NAMES, NAMES)
def test_paths_never_leave_the_root(folder: str, name: str, marker: str) -> None:
    """Whatever a test, its folders or its marker are called, the file lies under the root, in the version's folder."""
    root = Path("/project/cassettes")
    for found in (
        cassettes.path_for(root, "v3", f"tests/{folder}/..", name),
        cassettes.path_for(root, "v3", f"/{folder}", name),
        cassettes.named_path(root, "v3", marker),
        cassettes.named_path(root, "v3", f"../{marker}/../../x"),
    ):
        assert Path(os.path.normpath(found)) == found
        assert found.is_relative_to(root / "v3")
        assert found.name.endswith(".yaml")
        assert all(len(part.encode()) <= 120 for part in found.parts)


def test_path_of_a_test() -> None:
    """A test's cassette lies in its version's folder, under its file's path and its own name."""
    found = cassettes.path_for(Path("cassettes"), "2026-03", "tests/test_files", "test_import")
    assert found == Path("cassettes/2026-03/tests/test_files/test_import.yaml")


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("upload", "upload.yaml"),
        ("upload.yaml", "upload.yaml"),
        ("shared/upload", "shared/upload.yaml"),
        ("/shared//upload/", "shared/upload.yaml"),
    ],
)
def test_path_of_a_marker(marker: str, expected: str) -> None:
    """A marker's cassette lies in its version's folder under the name given, which may name folders."""
    assert cassettes.named_path(Path("c"), "v3", marker) == Path("c/v3") / expected


def test_candidates_are_no_cassettes(tmp_path: Path) -> None:
    """A candidate lies beside its cassette and is not found as one."""
    names = ["b.yaml", "a/a.yaml", "a/a.candidate.yaml", "a/notes.txt"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert cassettes.find(tmp_path) == [tmp_path / "a/a.yaml", tmp_path / "b.yaml"]
    assert cassettes.candidate_path(tmp_path / "a/a.yaml") == tmp_path / "a/a.candidate.yaml"


# --- what a file holds ----------------------------------------------------------------------------------------


def test_file_is_written_like_this() -> None:
    """The format is vcrpy's own, and JSON stands in it as it was sent, fit to be read in a review."""
    started = answer("import-start", LOCATOR, request=DATED_IMPORT).interaction
    assert cassettes.dump([started]).decode() == (
        "interactions:\n"
        "- request:\n"
        "    body: |-\n"
        f"      {json.dumps(DATED_IMPORT)}\n"
        "    headers:\n"
        "      Content-Type:\n"
        "      - application/json\n"
        "    method: POST\n"
        "    uri: https://api.hubapi.com/files/v3/files/import-from-url/async\n"
        "  response:\n"
        "    body:\n"
        "      string: |-\n"
        f"        {json.dumps(LOCATOR)}\n"
        "    headers:\n"
        "      Content-Type:\n"
        "      - application/json;charset=utf-8\n"
        "    status:\n"
        "      code: 202\n"
        "      message: ''\n"
        "version: 1\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(COMPLETE),
        json.dumps(CANCELED, indent=2),
        json.dumps({"name": "Käse 😀 日本 \u200b"}, ensure_ascii=False),
        json.dumps({"a": 1}, indent="\t"),
        '{"a": 1}  ',
        '{"a": 1}\n\n\n',
        '{"a":\n  \n 1} \n',
        "  leading",
        "\n\n {}",
        "\t{}",
        '{"a": "' + "long " * 1000 + '"}',
        '{"a": "\\u0000\\ud83d\\"quoted\\""}',
        "- dash: colon #comment",
        "--- \n... \n",
        "<html>&amp;</html>\n",
    ],
)
def test_text_stands_as_it_was_sent(body: str) -> None:
    """A JSON body is a block of plain text: no escapes, no quotes, no folding, whatever characters it has."""
    written = cassettes.dump([with_body(body.encode())]).decode()
    assert "!!binary" not in written
    start = written.index("      string: |") + len("      string: |")
    block = written[start : written.index("    headers:\n", start)].split("\n", 1)[1]
    for line in body.split("\n"):
        assert line.strip("\n") in block


def test_file_has_vcrpys_keys_only() -> None:
    """Other tools stumble over a key that they do not know."""
    document = yaml.safe_load(cassettes.dump([GET]))
    assert set(document) == {"interactions", "version"}
    assert document["version"] == 1
    (item,) = document["interactions"]
    assert set(item) == {"request", "response"}
    assert set(item["request"]) == {"body", "headers", "method", "uri"}
    assert set(item["response"]) == {"body", "headers", "status"}


def test_bodies_that_are_empty() -> None:
    """No request body is null and no answer an empty text, as vcrpy itself writes them."""
    written = cassettes.dump([with_body(b"")]).decode()
    assert "- request:\n    body: null\n" in written
    assert "    body:\n      string: ''\n" in written


def test_same_interactions_are_the_same_bytes() -> None:
    """A recording that did not change makes no diff, and equal parts are repeated rather than referred to."""
    assert cassettes.dump([GET, GET]) == cassettes.dump([replace(GET), GET])
    assert b"&id" not in cassettes.dump([GET, GET])
    assert cassettes.dump([]) == b"interactions: []\nversion: 1\n"


BODIES = st.one_of(
    st.text(st.sampled_from(" \t\n\r-#:'\"|>{}[]&*!%@`,?\\aé😀\x85\u2028\ufeff\x00\x1b\x7f\ufffe"), max_size=30).map(
        str.encode
    ),
    st.text(max_size=30).map(str.encode),
    st.binary(max_size=30),
    st.recursive(
        st.none() | st.text(max_size=10) | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ).map(lambda value: json.dumps(value, ensure_ascii=False, indent=1).encode()),
)
LINES = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)


@pytest.mark.slow
@settings(max_examples=300)
@given(BODIES, BODIES, LINES)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, request_body: bytes, body: bytes, text: str) -> None:
    """Every body comes back byte by byte, and every header, through our reader and through vcrpy's."""
    made = Interaction(
        method="POST",
        url=f"https://api.hubapi.com/{text}",
        request_headers={"Accept": (text, "b")},
        request_body=request_body,
        status_code=202,
        reason=text,
        response_headers={"Content-Type": ("application/json",), "X": (text,)},
        response_body=body,
    )
    written = cassettes.dump([made, made])
    file = tmp_path_factory.getbasetemp() / "round.yaml"
    file.write_bytes(written)
    assert cassettes.read(file) == [made, made]
    item = yamlserializer.deserialize(written.decode())["interactions"][1]
    assert as_bytes(item["request"]["body"]) == request_body
    assert as_bytes(item["response"]["body"]["string"]) == body
    assert item["response"]["headers"] == {"Content-Type": ["application/json"], "X": [text]}
    assert item["response"]["status"] == {"code": 202, "message": text}
    assert item["request"]["uri"] == made.url


def as_bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""


def test_round_trip_of_many(tmp_path: Path) -> None:
    """Interactions keep their order, and one that needs another way of writing changes none of the rest."""
    made = [with_body(body) for body in (b"{}", "😀".encode(), b"\xff", b"", b"a \n", b"\r\n")]
    assert read_back(tmp_path, *made) == made


# --- what others wrote ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_lines", "response_lines", "expected"),
    [
        ("", "", (b"", b"")),
        ("    body: null\n", "    body: {string: ''}\n", (b"", b"")),
        ("    body: a=b\n", "    body: {string: 'é'}\n", (b"a=b", "é".encode())),
        ("    body: !!binary aGk=\n", "    body: {string: !!binary /w==}\n", (b"hi", b"\xff")),
        ("    body: !!python/unicode 'é'\n", "    body: {string: !!python/str hi}\n", ("é".encode(), b"hi")),
        ("    body: {a: [1, null]}\n", "    body: null\n", (b'{"a": [1, null]}', b"")),
        (
            "    body: !!python/object/new:_io.BytesIO\n      state: !!python/tuple [!!binary aGk=, 0, null]\n",
            "",
            (b"hi", b""),
        ),
        ("    body: !!python/object/new:_io.BytesIO\n      state: !!python/tuple [null, 0]\n", "", (b"", b"")),
        ("    body: !!python/object/apply:builtins.iter\n      args: [[hi, !!binary aG8=]]\n", "", (b"hiho", b"")),
        ("    body: &a hi\n", "    body: {string: *a}\n", (b"hi", b"hi")),
    ],
    ids=["none", "null", "text", "binary", "old Python", "json=", "file", "empty file", "iterator", "alias"],
)
def test_bodies_that_vcrpy_writes(
    path: Path, request_lines: str, response_lines: str, expected: tuple[bytes, bytes]
) -> None:
    """Every form in which vcrpy stores a body is read."""
    path.parent.mkdir(parents=True)
    path.write_text(one(request_lines, response_lines), encoding="utf-8")
    (found,) = cassettes.read(path)
    assert (found.method, found.url, found.status_code, found.reason) == ("GET", "https://x/y", 200, "OK")
    assert (found.request_body, found.response_body) == expected


def test_headers_that_vcrpy_writes(path: Path) -> None:
    """Headers are lists or single values, and numbers among them are texts."""
    path.parent.mkdir(parents=True)
    path.write_text(one("    headers: {A: one text, C: [d, 5]}\n", "    headers: null\n"), encoding="utf-8")
    (found,) = cassettes.read(path)
    assert found.request_headers == {"A": ("one text",), "C": ("d", "5")}
    assert found.response_headers == {}


# --- unreadable files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "reason", "line"), UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable(
    path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, reason: str, line: int | None
) -> None:
    """A file that is no cassette ends in one error with the file, the line where there is one, and the reason."""
    path.parent.mkdir(parents=True)
    monkeypatch.chdir(path.parent)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CassetteUnreadableError) as caught:
        cassettes.read(path)
    assert caught.value.path == path
    assert caught.value.reason.startswith(reason)
    assert caught.value.line == line
    where = f"{path}, line {line}" if line else f"{path}"
    assert str(caught.value).startswith(f"The cassette {where} cannot be read: {reason}")
    assert not (path.parent / "ran").exists()


def test_error_can_name_the_file_in_another_way() -> None:
    """A report names the file from the project's folder."""
    error = CassetteUnreadableError(Path("/a/b.yaml"), "why", 3)
    assert error.described("b.yaml") == "The cassette b.yaml, line 3 cannot be read: why"


def test_missing_file(path: Path) -> None:
    """A file that is not there is reported as that."""
    with pytest.raises(CassetteUnreadableError, match=r"test_y\.yaml cannot be read: there is no such file"):
        cassettes.read(path)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A folder or a pipe is reported as no file, and nothing waits for somebody to write into it."""
    make(tmp_path / "x.yaml")
    with pytest.raises(CassetteUnreadableError, match=r"x\.yaml cannot be read: it is not a regular file"):
        cassettes.read(tmp_path / "x.yaml")


def test_large_file(path: Path) -> None:
    """A file larger than allowed is refused before it is read, with its size, the limit and its name."""
    cassettes.write(path, b"#" * 1_500_001)
    with pytest.raises(CassetteUnreadableError) as caught:
        cassettes.read(path, cassettes.Limits(1.5))
    assert caught.value.reason == "it has 1.5 MB, more than hubfiles_max_cassette_mb = 1.5 lets pass"
    with pytest.raises(CassetteUnreadableError, match="no list of interactions"):
        cassettes.read(path, cassettes.Limits(1.6))


def test_brackets_in_bodies_are_no_nesting(tmp_path: Path) -> None:
    """A body may open a thousand brackets, and a text may be indented by a thousand blanks."""
    made = [with_body(b"[" * 1000), with_body(b"x\n" + b" " * 1000 + b"y"), with_body(b"- " * 1000)]
    assert read_back(tmp_path, *made) == made


# --- writing --------------------------------------------------------------------------------------------------


def test_write(path: Path) -> None:
    """A file is written with its folders, and written over by the next."""
    for content in (b"old", b"new"):
        cassettes.write(path, content)
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


class Failing:
    """Makes one function of the system fail, once or from then on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, number: int) -> None:
        self.calls = 0
        real = getattr(owner, name)

        def fail(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if name != "open" or str(args[0]).endswith(".tmp"):
                raise OSError(number, os.strerror(number))
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, fail)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EMFILE], ids=errno.errorcode.get)
@pytest.mark.parametrize(
    "function", [(os, "open"), (os, "write"), (os, "fsync"), (Path, "replace")], ids=lambda pair: pair[1]
)
@pytest.mark.parametrize("old", [b"old", None], ids=["over another", "the first"])
def test_write_that_fails(
    path: Path, monkeypatch: pytest.MonkeyPatch, function: tuple[Any, str], number: int, old: bytes | None
) -> None:
    """Whatever fails, the old file is as it was, no other is left, and the error gives the system's reason."""
    path.parent.mkdir(parents=True)
    if old is not None:
        path.write_bytes(old)
    with monkeypatch.context() as patched:
        failing = Failing(patched, *function, number)
        with pytest.raises(CassetteNotWrittenError) as caught:
            cassettes.write(path, b"new")
    assert failing.calls
    assert str(caught.value) == (
        f"The cassette {path} could not be written: {os.strerror(number)}. "
        "The old cassette is unchanged. Fix the cause, then record again."
    )
    assert [file.read_bytes() for file in path.parent.iterdir()] == ([] if old is None else [old])


def test_write_that_is_interrupted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt from the keyboard leaves the old file and no other."""
    cassettes.write(path, b"old")

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            cassettes.write(path, b"new")
    assert [file.read_bytes() for file in path.parent.iterdir()] == [b"old"]


def test_folder_that_cannot_be_synced_is_no_failure(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the new file is in its place it was written, though the folder cannot be made to last."""
    real = os.fsync

    def files_only(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112  # a link of the system's, no path
            raise OSError(errno.EINVAL, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", files_only)
    cassettes.write(path, b"new")
    assert path.read_bytes() == b"new"


def test_temporary_names_cannot_be_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writers never share a temporary file, and one that is there already is not written through."""
    victim = path.parent.parent / "victim"
    cassettes.write(victim, b"mine")
    path.parent.mkdir(parents=True)
    monkeypatch.setattr("secrets.token_hex", lambda size: "0" * 2 * size)
    trap = path.parent / f".{path.name}.{'0' * 16}.tmp"
    trap.symlink_to(victim)
    with pytest.raises(CassetteNotWrittenError, match="File exists"):
        cassettes.write(path, b"new")
    assert victim.read_bytes() == b"mine"


def test_write_where_a_file_is_in_the_way(path: Path) -> None:
    """A file where a folder is needed is reported in the system's words."""
    path.parent.parent.mkdir(parents=True)
    path.parent.write_bytes(b"")
    with pytest.raises(CassetteNotWrittenError, match=r"could not be written: (File exists|Not a directory)"):
        cassettes.write(path, b"new")


# --- locks ----------------------------------------------------------------------------------------------------


@pytest.fixture
def held(path: Path) -> Iterator[None]:
    """Another thread that holds the cassette's lock."""
    taken, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with cassettes.locked(path, "tests/test_a.py::test_b"):
            taken.set()
            let_go.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    yield
    let_go.set()
    thread.join()


@pytest.mark.usefixtures("held")
def test_lock_that_is_held_names_its_holder(path: Path) -> None:
    """Whoever waits too long is reported which process and which test hold the lock."""
    with pytest.raises(CassetteNotWrittenError) as caught, cassettes.locked(path, "me", seconds=0.01):
        pass
    holder = f"process {os.getpid()} (tests/test_a.py::test_b)"
    assert caught.value.reason == f"{holder} held its lock for 0.01 seconds"


@pytest.mark.usefixtures("held")
def test_locks_of_other_cassettes_are_free(path: Path) -> None:
    """Each cassette has a lock of its own."""
    with cassettes.locked(path.with_name("other.yaml"), "me", seconds=0):
        pass


def test_lock_is_given_back(path: Path) -> None:
    """A lock is free again after an error under it, and leaves nothing beside the cassette."""
    with pytest.raises(ZeroDivisionError), cassettes.locked(path, "me"):
        1 / 0  # noqa: B018  # an error is all that is wanted of it
    with cassettes.locked(path, "me", seconds=0):
        pass
    assert not path.parent.exists()


def test_lock_is_the_same_by_every_name_of_the_file(path: Path, tmp_path: Path) -> None:
    """Two paths to the same file have one lock."""
    assert cassettes.identity(path) == cassettes.identity(path.parent / ".." / path.parent.name / path.name)
    assert cassettes.identity(path) != cassettes.identity(tmp_path / "other.yaml")


def test_private_folder_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks and takes lie in a folder that nobody else may enter, and never in one that a link leads to."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = cassettes.private_folder()
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o077 == 0
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HubfilesError, match="belongs to somebody else; remove it, or set TMPDIR"):
        cassettes.private_folder()
