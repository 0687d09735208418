"""Cassette files: their names, how they are read, and the one place that writes them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml
from filelock import FileLock, Timeout

from pytest_hubfiles import foreign
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.exchanges import Interaction

SUFFIX: Final = ".yaml"
CANDIDATE_SUFFIX: Final = ".candidate.yaml"
_FORMAT_VERSION: Final = 1  # vcrpy's, since 1.0
_SAFE_NAME: Final = re.compile(r"[a-z0-9_-][a-z0-9_.-]*")
_LONGEST_NAME: Final = 100  # bytes, without suffixes; some file systems end at 143
_WINDOWS_NAMES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
_LOCK_SECONDS: Final = 60.0
_DEEPEST: Final = 100  # levels; vcrpy writes seven
_BRACKETS: Final = re.compile(r"[\[\]{}]")
_DEEP_INDENTATION: Final = re.compile(rf"^[ ?:-]{{{_DEEPEST}}}", re.MULTILINE)
_LARGEST_UNFOLDED: Final = 1_000_000  # values of one body, when its YAML aliases are written out


class CassetteUnreadableError(HubfilesError):
    """A cassette file that cannot be read; ``path``, ``reason`` and ``line`` (from 1, or None) say why and where."""

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        self.path, self.reason, self.line = path, reason, line
        super().__init__(self.described(str(path)))

    def described(self, shown: str) -> str:
        """Return the message with the file called *shown*."""
        place = shown if self.line is None else f"{shown}, line {self.line}"
        return f"The cassette {place} cannot be read: {self.reason}"


class CassetteNotWrittenError(HubfilesError):
    """A cassette that could not be written; what was there before is as it was."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The cassette {path} could not be written: {reason}. What was there before is as it was.")


def safe_name(name: str) -> str:
    """Return *name* as a file name that is safe and unique on every file system.

    A name of lower-case letters, digits, ``_``, ``-`` and ``.`` stands as it is; any other becomes a slug
    with a hash of the whole name.
    """
    if (
        _SAFE_NAME.fullmatch(name)
        and len(name) <= _LONGEST_NAME
        and not name.endswith((".", ".candidate"))
        and not _WINDOWS_NAMES.fullmatch(name)
    ):
        return name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")[:60] or "cassette"
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{slug}-{digest}"


def path_for(root: Path, version: str, folder: PurePosixPath, name: str) -> Path:
    """Return where the cassette *name* of a test file lies: ``<root>/<version>/<folder>/<name>.yaml``.

    Each part is made safe by itself, so that nothing leads out of *root*.
    """
    parts = [safe_name(part) for part in folder.parts]
    return root.joinpath(version, *parts, safe_name(name) + SUFFIX)


def named_path(root: Path, version: str, name: str) -> Path:
    """Return where the cassette lies that a marker calls *name*, which may name folders: ``shared/upload``."""
    *folders, last = [part for part in name.split("/") if part] or [name]
    return path_for(root, version, PurePosixPath(*folders), last.removesuffix(SUFFIX))


def candidate_path(cassette: Path) -> Path:
    """Return where the candidate for *cassette* is kept when it is not promoted."""
    return cassette.with_name(cassette.name.removesuffix(SUFFIX) + CANDIDATE_SUFFIX)


def find(root: Path) -> list[Path]:
    """Return the cassette files under *root*, sorted, candidates left out."""
    return sorted(path for path in root.rglob(f"*{SUFFIX}") if not path.name.endswith(CANDIDATE_SUFFIX))


# --- reading -----------------------------------------------------------------------------------------------


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml where it was built in
    """Reads plain data and the few Python tags that vcrpy writes for it; no object is ever built."""

    def construct_mapping(self, node: yaml.nodes.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse what YAML refuses and PyYAML lets pass: of a key that stands twice, the last would win."""
        seen = set()
        for key, _ in node.value:
            name = key.value if isinstance(key, yaml.nodes.ScalarNode) else key
            if name in seen:
                problem = f"the key {name!r} stands twice in one mapping"
                raise yaml.constructor.ConstructorError(problem=problem, problem_mark=key.start_mark)
            seen.add(name)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


_Loader.yaml_implicit_resolvers = {}
for _type, _pattern, _starts in foreign.PLAIN_SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_type}", _pattern, list(_starts))


def _bytes_of(loader: _Loader, node: yaml.nodes.MappingNode) -> bytes:
    """Read the buffer that vcrpy stored as a pickled BytesIO or iterator."""
    mapping = loader.construct_mapping(node, deep=True)
    state = mapping.get("state") or mapping.get("args") or (b"",)
    content = state[0] if state else None
    parts = content if isinstance(content, (list, tuple)) else [] if content is None else [content]
    if not all(isinstance(part, (bytes, str)) for part in parts):  # bytes(10**10) would fill the memory with zeros
        raise yaml.constructor.ConstructorError(problem="a buffer holds more than text", problem_mark=node.start_mark)
    return b"".join(part.encode() if isinstance(part, str) else part for part in parts)


_PYTHON: Final = "tag:yaml.org,2002:python/"
_Loader.add_constructor(_PYTHON + "str", lambda loader, node: loader.construct_scalar(node))
_Loader.add_constructor(_PYTHON + "unicode", lambda loader, node: loader.construct_scalar(node))
_Loader.add_constructor(_PYTHON + "tuple", lambda loader, node: tuple(loader.construct_sequence(node)))
_Loader.add_constructor(_PYTHON + "object/new:_io.BytesIO", _bytes_of)
_Loader.add_constructor(_PYTHON + "object/apply:builtins.iter", _bytes_of)


def read(path: Path, max_megabytes: float = 64.0) -> list[Interaction]:
    """Read the cassette file *path*: ours, any other that vcrpy wrote as YAML or JSON, or cassetter's YAML or TOML.

    Raises:
        CassetteUnreadableError: with the reason, and the line where there is one.
    """
    try:
        if not path.is_file():
            raise CassetteUnreadableError(
                path, "it is not a regular file" if path.exists() else "there is no such file"
            )
        size = path.stat().st_size
        if size > max_megabytes * 1_000_000:
            raise CassetteUnreadableError(
                path,
                f"it has {size / 1_000_000:.1f} MB, more than hubfiles_max_cassette_mb = {max_megabytes:g} lets pass",
            )
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise CassetteUnreadableError(path, error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise CassetteUnreadableError(path, f"it is not UTF-8 text (byte {error.start})") from None
    try:
        if (parse := foreign.PARSERS.get(path.suffix.lower())) is not None:
            document = parse(text)
        else:
            _check_depth(path, text)
            document = yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader, see above
    except foreign.NotParsedError as error:
        raise CassetteUnreadableError(path, error.reason, error.line) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise CassetteUnreadableError(path, f"it is not YAML: {problem}", mark.line + 1 if mark else None) from None
    except (RecursionError, ValueError, TypeError) as error:
        raise CassetteUnreadableError(path, f"it is not YAML that a cassette can hold: {error}") from None
    try:
        return list(_interactions(document))
    except ValueError as error:
        raise CassetteUnreadableError(path, str(error)) from None


def _check_depth(path: Path, text: str) -> None:
    """Refuse a file nested so deeply that reading it would end the process: libyaml recurses without a limit.

    Only a file that may be is looked at closely: one with hundreds of open brackets, or such an indentation.
    """
    depth = deepest = 0
    for bracket in _BRACKETS.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    if deepest <= _DEEPEST and not _DEEP_INDENTATION.search(text):
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.events.CollectionStartEvent)
        depth -= isinstance(event, yaml.events.CollectionEndEvent)
        if depth > _DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else None
            raise CassetteUnreadableError(path, f"it is nested more than {_DEEPEST} levels deep", line)


def _interactions(document: Any) -> Iterator[Interaction]:
    if not isinstance(document, dict) or not isinstance(document.get("interactions"), list):
        raise ValueError("it has no list of interactions; is it a vcrpy cassette?")
    if document.get("version") != _FORMAT_VERSION:
        raise ValueError(f"its version is {document.get('version')!r}; only vcrpy's version {_FORMAT_VERSION} is read")
    for number, item in enumerate(document["interactions"], start=1):
        try:
            yield _interaction(foreign.as_vcrpy(item))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"interaction {number} is malformed: {error}") from None


def _part(whole: object, name: str, of: str) -> Any:
    """Return what *whole* has under *name*, or say that it is no mapping or has no such thing."""
    if not isinstance(whole, dict):
        raise ValueError(f"{of} is {_kind(whole)}, not a mapping")
    if name not in whole:
        raise ValueError(f"{of} has no {name!r}")
    return whole[name]


def _kind(value: object) -> str:
    return "empty" if value is None else f"a {type(value).__name__}"


def _interaction(item: object) -> Interaction:
    request, response = _part(item, "request", "it"), _part(item, "response", "it")
    method, url = _part(request, "method", "its request"), _part(request, "uri", "its request")
    status = _part(response, "status", "its response")
    code = _part(status, "code", "its status")
    if isinstance(code, bool) or not isinstance(code, int) or not 100 <= code <= 999:
        raise ValueError(f"its HTTP status is {code!r}, not a number from 100 to 999")
    if not isinstance(url, str) or not isinstance(method, str):
        raise ValueError("its uri or method is no text")
    answer = response.get("body")
    return Interaction(
        method=method.upper(),
        url=url,
        request_headers=_headers(request.get("headers")),
        request_body=_body(request.get("body")),
        status_code=code,
        reason=str(status.get("message") or ""),
        response_headers=_headers(response.get("headers")),
        response_body=b"" if answer is None else _body(_part(answer, "string", "its response's body")),
    )


def _headers(headers: Any) -> dict[str, tuple[str, ...]]:
    if headers is None:
        return {}
    if not isinstance(headers, dict):
        raise ValueError(f"its headers are {_kind(headers)}, not a mapping")
    lists = {
        str(name): tuple(values) if isinstance(values, (list, tuple)) else (values,) for name, values in headers.items()
    }
    for name, values in lists.items():
        if any(isinstance(value, (dict, list, tuple)) for value in values):
            raise ValueError(f"its header {name} holds more than texts")
    return {name: tuple(map(str, values)) for name, values in lists.items()}


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, bytes):
        return body
    if isinstance(body, (dict, list)):  # vcrpy stores what aiohttp was given as json= as it was given
        _check_unfolded(body)
        try:
            return json.dumps(body).encode("utf-8")
        except TypeError as error:
            raise ValueError(f"a body is no JSON: {error}") from None
    raise ValueError(f"a body is {_kind(body)}, not a text")


def _check_unfolded(body: Any) -> None:
    """Refuse a body whose YAML aliases would fill the memory when each is written out."""
    left, values = _LARGEST_UNFOLDED, [body]
    while values:
        value = values.pop()
        left -= 1
        if left < 0:
            raise ValueError(f"a body holds more than {_LARGEST_UNFOLDED:,} values")
        values.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())


# --- writing -----------------------------------------------------------------------------------------------


class _Text(str):
    """A text to be written as a YAML block, where YAML can."""

    __slots__ = ()


_BLOCK_BREAKERS: Final = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LIBYAML_QUOTES: Final = re.compile(r"[\t\U00010000-\U0010ffff]| (?:\n|\Z)")


def _represent_text(dumper: Any, text: _Text) -> yaml.nodes.ScalarNode:
    node: yaml.nodes.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")
    return node


class _BlockDumper(yaml.SafeDumper):
    """Writes blocks that libyaml would quote, though YAML allows them: emoji, tabs, blanks at the end of a line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def analyze_scalar(self, scalar: str) -> Any:
        analysis = super().analyze_scalar(scalar)
        analysis.allow_block = bool(scalar.strip()) and not _BLOCK_BREAKERS.search(scalar)
        if "\x85" in scalar:  # PyYAML writes it as the line break it once was, and reads that as a blank
            analysis.allow_single_quoted = analysis.allow_flow_plain = analysis.allow_block_plain = False
        return analysis

    def determine_block_hints(self, text: str) -> str:
        hints: str = super().determine_block_hints(text)
        # Without its indentation said, a block that begins with a tab is one that YAML's readers refuse.
        return f"{self.best_indent}{hints}" if text.startswith("\t") else hints


class _FastDumper(getattr(yaml, "CSafeDumper", _BlockDumper)):  # type: ignore[misc]  # libyaml where it was built in
    """Writes through libyaml, and repeats a value rather than refer to it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _dumper in (_FastDumper, _BlockDumper):
    _dumper.add_representer(_Text, _represent_text)


def _written_body(body: bytes) -> _Text | bytes | None:
    if not body:
        return None
    try:
        return _Text(body.decode("utf-8"))
    except UnicodeDecodeError:
        return body


def dump(interactions: Sequence[Interaction]) -> bytes:
    """Return *interactions* as the bytes of a cassette file in vcrpy's format, version 1."""
    document = {
        "interactions": [
            {
                "request": {
                    "body": _written_body(interaction.request_body),
                    "headers": {name: list(values) for name, values in interaction.request_headers.items()},
                    "method": interaction.method,
                    "uri": interaction.url,
                },
                "response": {
                    "body": {"string": _written_body(interaction.response_body) or ""},
                    "headers": {name: list(values) for name, values in interaction.response_headers.items()},
                    "status": {"code": interaction.status_code, "message": interaction.reason},
                },
            }
            for interaction in interactions
        ],
        "version": _FORMAT_VERSION,
    }
    bodies = (body for interaction in interactions for body in (interaction.request_body, interaction.response_body))
    plain = not any(_LIBYAML_QUOTES.search(body.decode("utf-8", "replace")) for body in bodies)
    dumper = _FastDumper if plain else _BlockDumper
    text: str = yaml.dump(document, Dumper=dumper, allow_unicode=True, width=2**20, sort_keys=True)
    return text.encode("utf-8")


def write(path: Path, content: bytes) -> None:
    """Put *content* at *path* so that the file is at any moment either the old one or the new one.

    Raises:
        CassetteNotWrittenError: with the reason; the old file is as it was and no other one is left.
    """
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise CassetteNotWrittenError(path, error.strerror or str(error)) from None
    with suppress(OSError):  # the new file is in its place; some systems cannot do more
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can."""
    if os.name == "nt":  # Windows opens no folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_folder() -> Path:
    """Return the folder for locks and takes, outside of every checkout, which only this user may enter."""
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folder = Path(tempfile.gettempdir()) / f"pytest-hubfiles-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    if folder.is_symlink() or (hasattr(os, "getuid") and about.st_uid != os.getuid()):
        raise HubfilesError(f"{folder} belongs to somebody else; remove it, or set TMPDIR to a folder of your own")
    return folder


def identity(path: Path) -> str:
    """Return a short name for the cassette *path* that is the same in every process."""
    return hashlib.sha256(os.path.normcase(str(path.resolve())).encode("utf-8", "surrogatepass")).hexdigest()[:24]


@contextmanager
def locked(path: Path, holder: str, seconds: float = _LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock of the cassette *path*, across workers and separate runs of this user.

    Raises:
        CassetteNotWrittenError: if somebody else holds it for *seconds*; it says who.
    """
    folder = private_folder() / "locks"
    folder.mkdir(exist_ok=True)
    lock = folder / f"{identity(path)}.lock"
    note = lock.with_suffix(".holder")
    held = FileLock(lock)
    try:
        held.acquire(timeout=seconds)
    except Timeout:
        by = note.read_text(encoding="utf-8") if note.exists() else "another process"
        raise CassetteNotWrittenError(path, f"{by} held its lock for {seconds:g} seconds") from None
    try:
        note.write_text(f"process {os.getpid()} ({holder})", encoding="utf-8")
        yield
    finally:
        held.release()
