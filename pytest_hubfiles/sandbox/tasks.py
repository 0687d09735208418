"""The tasks of the sandbox: their ids, their states, and the body of each state."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from pytest_hubfiles.model import known_answers
from pytest_hubfiles.model.known_answers import Body, task_error
from pytest_hubfiles.sandbox.switches import md5_of

# The only published task id, AAAAEZ6whGI (appsmithorg/appsmith#11983, 2022-06) [R], as the unpadded base64url of a
# big-endian int64 [I: one sample; HubSpot refused an id of twelve digits, which would be nine bytes].
FIRST_NUMBER = 75676812386

# Equal runs have equal bodies, so there is no clock: the times of a task follow from its number.
_BASE_TIME = datetime(2026, 10, 5, 9, 14, 2, 117000, tzinfo=timezone.utc)
_AFTER_START = {"requestedAt": 0, "startedAt": 228, "createdAt": 1114, "completedAt": 1276}  # ms

ACCESS = (  # [D] the specification's values, all versions
    "HIDDEN_INDEXABLE",
    "HIDDEN_NOT_INDEXABLE",
    "HIDDEN_PRIVATE",
    "HIDDEN_SENSITIVE",
    "PRIVATE",
    "PUBLIC_INDEXABLE",
    "PUBLIC_NOT_INDEXABLE",
    "SENSITIVE",
)


def encode_id(number: int) -> str:
    """Return the id of task *number* as it stands in a path."""
    return base64.urlsafe_b64encode(number.to_bytes(8, "big")).decode().rstrip("=")


def decode_id(task_id: str) -> int | None:
    """Return the number in a task id, None if it does not decode to the eight bytes of an int64."""
    try:
        raw = base64.b64decode(task_id + "=" * (-len(task_id) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return int.from_bytes(raw, "big") if len(raw) == 8 else None


def iso(moment: datetime) -> str:
    """Return a time as HubSpot writes it: UTC, milliseconds, Z [R: every recording of a File]."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(number: int, what: str) -> str:
    return iso(_BASE_TIME + timedelta(seconds=number - FIRST_NUMBER, milliseconds=_AFTER_START[what]))


# --- states ------------------------------------------------------------------------------------------------

Position = Literal["started", "PENDING", "PROCESSING", "ended"]

# HubSpot documents the four states and no order; this is the order of their descriptions [I].
_NEXT: Mapping[Position, Position] = {
    "started": "PENDING",
    "PENDING": "PROCESSING",
    "PROCESSING": "ended",
    "ended": "ended",
}
_NEXT_UNDER: Mapping[str, Mapping[Position, Position]] = {
    "goes-back": {"ended": "PENDING"},
    "never-ends": {"PROCESSING": "PROCESSING", "ended": "PROCESSING"},
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ends: its state, and its result or error."""

    state: Literal["COMPLETE", "CANCELED", "FAILED"]
    result: Body | None = None
    error: Body | None = None


@dataclass(slots=True)
class Task:
    """A started task; each request for its status moves it on."""

    number: int
    kind: str
    version: str
    outcome: Outcome
    position: Position = "started"

    def poll(self, switches: Sequence[str]) -> Body:
        """Move on by one state and return the body that shows it."""
        following = dict(_NEXT)
        for name in switches:
            following.update(_NEXT_UNDER.get(name, {}))
        self.position = following[self.position]
        if self.position != "ended":
            return self._body(self.position)
        if "failed-status" in switches:
            error = self.outcome.error or task_error(known_answers.FAILED, id=encode_id(self.number))
            return self._body("FAILED", Outcome("FAILED", error=error))
        return self._body(self.outcome.state, self.outcome)

    def _body(self, state: str, outcome: Outcome | None = None) -> Body:
        body: dict[str, object] = {"status": state}
        body.update((what, _time(self.number, what)) for what in known_answers.TIMES[state])
        body["taskId"] = encode_id(self.number)
        if outcome and outcome.result is not None:
            body["result"] = outcome.result
        if outcome and outcome.error is not None:
            body.update(numErrors=1, errors=[outcome.error])
        return body


# --- imports -----------------------------------------------------------------------------------------------

_PORTAL_URL = "https://12345.fs1.hubspotusercontent-na1.net/hubfs/12345"  # [D] Files guide, 2023-06
_FOLDER_ID = "122692510820"  # [D] the guide's; any folderPath gets it here
_FIRST_FILE_ID = 122692044085  # [D] the guide's
_EXTENSION = re.compile(r"\.([A-Za-z][A-Za-z0-9]{0,4})$")


@dataclass(frozen=True, slots=True)
class _Target:
    """The path and name of the imported file."""

    stem: str
    extension: str
    path: str

    @classmethod
    def of(cls, asked: Body, default_extension: str) -> _Target:
        remote = unquote(PurePosixPath(_url_path(asked)).name) or "file"
        name = str(asked.get("name") or remote)
        stem = _EXTENSION.sub("", name)
        found = _EXTENSION.search(remote) or _EXTENSION.search(name)
        extension = found[1].lower() if found else default_extension
        folder = str(asked.get("folderPath") or "").strip("/")
        return cls(stem, extension, f"/{folder}/{stem}.{extension}" if folder else f"/{stem}.{extension}")


def _url_path(asked: Body) -> str:
    try:
        return urlsplit(str(asked.get("url") or "")).path
    except ValueError:  # such as a broken IPv6 host
        return ""


def _common(asked: Body, number: int, target: _Target) -> dict[str, object]:
    """Make the fields that both published Files share."""
    created = _time(number, "createdAt")
    file: dict[str, object] = {
        "id": str(_FIRST_FILE_ID + number - FIRST_NUMBER),
        "createdAt": created,
        "updatedAt": created,
        "archived": False,
        "name": target.stem,
        "path": target.path,
        "type": "IMG",
        "extension": target.extension,
        "defaultHostingUrl": _PORTAL_URL + quote(target.path),
        "url": _PORTAL_URL + quote(target.path),
        "isUsableInContent": True,
        "access": asked["access"],
    }
    # HubSpot's prose asks for a folder. Whether it requires one is unknown; without one there is no parent [I].
    if asked.get("folderId") or asked.get("folderPath"):
        file["parentFolderId"] = str(asked.get("folderId") or _FOLDER_ID)
    if asked.get("expiresAt"):
        # [D] the input is a date-time, the File's an int64 epoch; that it counts milliseconds is [I].
        expires = date_time(str(asked["expiresAt"]))
        file["expiresAt"] = expires and round(expires.timestamp() * 1000)
    return file


def date_time(text: str) -> datetime | None:
    """Parse an ISO-8601 time, in UTC if it names no zone; None if *text* is no such time."""
    try:
        moment = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _image(asked: Body, number: int) -> Outcome:
    # [D] upload answer in the Files guide, 2023-06: no fileMd5, no sourceGroup
    target = _Target.of(asked, "png")
    picture = {"size": 24574, "height": 219, "width": 225, "encoding": target.extension}
    return Outcome("COMPLETE", {**_common(asked, number, target), **picture})


def _document(asked: Body, number: int) -> Outcome:
    # [R] a PDF of 2025-04-23: no encoding, height, width; with fileMd5 and sourceGroup
    target = _Target.of(asked, "pdf")
    document = {"type": "DOCUMENT", "size": 260367, "fileMd5": md5_of(target.path), "sourceGroup": "CONTENT"}
    return Outcome("COMPLETE", {**_common(asked, number, target), **document})


def _canceled(asked: Body, number: int) -> Outcome:
    # [I] the state is documented (start again), its body was never published
    return Outcome("CANCELED", error=task_error(known_answers.CANCELED, url=str(asked["url"])))


def _missing(asked: Body, number: int) -> Outcome:
    # [I] the habit of sibling endpoints: COMPLETE, numErrors, errors, nothing made
    url = str(asked.get("url") or "")
    return Outcome("COMPLETE", error=task_error(known_answers.NOT_DOWNLOADED, url=url))


# The path of the URL decides how the import ends; the first row that matches counts.
_IMPORTS: tuple[tuple[Callable[[str], bool], Callable[[Body, int], Outcome]], ...] = (
    (lambda path: "canceled" in path, _canceled),
    (lambda path: "missing" in path, _missing),
    (lambda path: path.lower().endswith(".pdf"), _document),
    (lambda path: True, _image),
)


def import_outcome(asked: Body, number: int) -> Outcome:
    """Return how an import ends, by the request that started it."""
    if not asked.get("url"):  # dated versions do not require it [D]; with nothing to fetch, [I] as missing
        return _missing(asked, number)
    path = _url_path(asked)
    return next(outcome for holds, outcome in _IMPORTS if holds(path))(asked, number)


def folder_outcome(asked: Body, number: int) -> Outcome:
    """End a folder update, always well [I: no recording of a Folder; keys from the specification]."""
    name = str(asked.get("name") or "library")
    folder: dict[str, object] = {
        "id": str(asked["id"]),
        "createdAt": iso(_BASE_TIME),
        "updatedAt": _time(number, "createdAt"),
        "archived": False,
        "name": name,
        "path": f"/{name}",
    }
    if asked.get("parentFolderId") is not None:
        folder["parentFolderId"] = str(asked["parentFolderId"])  # [D] an int64 in the request, a string here
    return Outcome("COMPLETE", folder)
