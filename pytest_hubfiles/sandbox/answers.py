"""The answers of the sandbox: a function of the request, the tasks started so far and the switches."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import unquote

from pytest_hubfiles.model.known_answers import Body
from pytest_hubfiles.sandbox import tasks
from pytest_hubfiles.sandbox.calls import Answer, Call, FilesOperation, SandboxRequest, envelope, invalid, json_answer
from pytest_hubfiles.sandbox.headers import correlation_id, headers_around
from pytest_hubfiles.sandbox.refusals import FAULTS, NOT_FOUND_PAGE, refused
from pytest_hubfiles.sandbox.switches import drifted

_VERSIONS = ("v3", "2025-09", "2026-03", "2026-09", "2026-09-beta")
_IMPORT = rf"/files/(?P<version>{'|'.join(_VERSIONS)})/files/import-from-url/async"
# The beta's specification has no folder operations; whether 2026-09 has them is unknown, here it does [I].
_FOLDER = rf"/files/(?P<version>{'|'.join(_VERSIONS[:-1])})/folders/update/async"
_STATUS = r"/tasks/(?P<task>[^/]+)/status"
_READ = ("files", "files.read", "files.ui_hidden.read")  # [D] specification, 2026-08
_WRITE = ("files", "files.write", "files.ui_hidden.write")

_OPERATIONS = (
    FilesOperation("import-start", "POST", re.compile(_IMPORT), "import", _WRITE),
    FilesOperation("import-status", "GET", re.compile(_IMPORT + _STATUS), "import", _READ),
    FilesOperation("folder-update-start", "POST", re.compile(_FOLDER), "folder-update", _WRITE),
    FilesOperation("folder-update-status", "GET", re.compile(_FOLDER + _STATUS), "folder-update", _WRITE),
)

# Under these switches a status request succeeds with another code, or without a body.
_SUCCESSES: Mapping[str, tuple[int, bool]] = {
    "201": (201, True),
    "202": (202, True),
    "204": (204, False),
    "empty-200": (200, False),
}


class FilesApi:
    """HubSpot's Files service, as far as the sandbox fakes it; not thread-safe."""

    def __init__(self) -> None:
        self._tasks: dict[int, tasks.Task] = {}
        self._answered = 0

    def answer(self, request: SandboxRequest, switches: tuple[str, ...]) -> Answer:
        """Answer a request, with all headers but Date, Connection and those for the transfer of the body."""
        self._answered += 1
        correlation = correlation_id(self._answered, seventh="correlation-v7" in switches)
        answer = self._routed(request, switches, correlation)
        return replace(answer, headers=headers_around(answer, self._answered, correlation, switches))

    def _routed(self, request: SandboxRequest, switches: tuple[str, ...], correlation: str) -> Answer:
        path = request.path.partition("?")[0]
        for operation in _OPERATIONS:
            match = operation.path.fullmatch(path)
            if match is None or (operation.kind == "folder-update" and "folders-gone" in switches):
                continue
            if request.method != operation.method:
                # [R] 2026-01-23: no body. The list seen had OPTIONS too, which the sandbox does not serve.
                return Answer(405, headers=(("Allow", operation.method),), sender="router")
            parts = match.groupdict()
            task_id = unquote(parts.get("task", ""))
            return self._operated(Call(request, operation, parts["version"], task_id, correlation, switches))
        return NOT_FOUND_PAGE

    def _operated(self, call: Call) -> Answer:
        if call.operation.method == "POST":
            return refused(call) or self._start(call)
        # Faults come before the check of the token, because most arise in front of the service. HubSpot's order, also
        # of routing and authentication, is unknown [I].
        for name in reversed(call.switches):
            if name in FAULTS:
                return FAULTS[name](call)
        answer = refused(call) or self._status(call)
        return replace(answer, delivery="cut") if "cut" in call.switches else answer

    def _start(self, call: Call) -> Answer:
        asked = _asked(call)
        if isinstance(asked, Answer):
            return asked
        number = tasks.FIRST_NUMBER + len(self._tasks)
        outcome_of = tasks.import_outcome if call.operation.kind == "import" else tasks.folder_outcome
        outcome = outcome_of(asked, number)
        self._tasks[number] = tasks.Task(number, call.operation.kind, call.version, outcome)
        task_id = tasks.encode_id(number)
        # [R] 2022-06, v3: a regional host that is not the API's. That dated versions still send links is [I].
        start = call.request.path.partition("?")[0]
        links = {"status": f"https://api-na1.hubspot.com{start}/tasks/{task_id}/status"}
        return json_answer(202, {"id": task_id, "links": links})

    def _status(self, call: Call) -> Answer:
        number = tasks.decode_id(call.task_id)
        if number is None:  # [R] 2026-04, a folder's status; the category is [I]
            return invalid(call, "Provided ID could not be decoded.", context={"id": [call.task_id]})
        task = self._tasks.get(number)
        if task is None or (task.kind, task.version) != (call.operation.kind, call.version):
            # [R] 2026-04, siblings: no category. That a version knows only the tasks started in it is [I].
            return json_answer(404, envelope(call, "resource not found"))
        answer = json_answer(200, drifted(task.poll(call.switches), call.switches))
        for name in reversed(call.switches):
            if name in _SUCCESSES:
                status, has_body = _SUCCESSES[name]
                answer = replace(answer, status=status, body=answer.body if has_body else b"")
                return replace(answer, content_type=None) if status == 204 else answer
        return answer


# --- the body of a start -----------------------------------------------------------------------------------

_TEXT, _ID = (str,), (str, int)  # that an id may come as a number is [I]

_FIELDS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "import": {"access": _TEXT, "url": _TEXT, "name": _TEXT, "folderPath": _TEXT, "folderId": _ID, "expiresAt": _TEXT},
    "folder-update": {"id": _ID, "name": _TEXT, "parentFolderId": _ID},
}
# `access` is required for real (hubspot-net/HubSpot.NET#94, 2021-01) [R], `id` by the specification [D].
# Dated versions document duplicateValidationScope, duplicateValidationStrategy and overwrite as required too;
# whether HubSpot refuses a request without them is unknown, so the sandbox takes it [I].
_REQUIRED = {"import": "access", "folder-update": "id"}


def _asked(call: Call) -> Body | Answer:
    """Return the JSON object of the request without its nulls, or the 400 that refuses it.

    The messages begin like those of sibling endpoints (Luigi08001/hscli, 2026-04) [R]. Where those quote Java's
    parser, the words differ.
    """
    try:
        body = json.loads(call.request.body)
        json.dumps(body, ensure_ascii=False).encode()  # fails for an escaped lone surrogate
    except json.JSONDecodeError as error:
        return invalid(call, f"Invalid input JSON on line {error.lineno}, column {error.colno}: {error.msg}")
    except (ValueError, RecursionError):  # bytes that are no text, absurd numbers, absurd nesting
        return invalid(call, "Invalid input JSON on line 1, column 1: Cannot be read")
    if not isinstance(body, dict):
        return invalid(call, "Invalid input JSON on line 1, column 1: Cannot deserialize value, not an object")
    kind = call.operation.kind
    asked = {name: value for name, value in body.items() if value is not None}
    if _REQUIRED[kind] not in asked:
        message = "Invalid input JSON on line 1, column 2. Some required fields were not set: "
        return invalid(call, f"{message}[{_REQUIRED[kind]}]")
    for name, types in _FIELDS[kind].items():
        if name in asked and not _fits(name, asked[name], types):  # [I] that a value of no use is refused
            return invalid(call, f"Invalid input JSON on line 1, column 2: Cannot deserialize value of {name}")
    return asked


def _fits(name: str, value: object, types: tuple[type, ...]) -> bool:
    if not isinstance(value, types) or isinstance(value, bool):
        return False
    if name == "access":
        return value in tasks.ACCESS
    if name == "parentFolderId":  # [D] an int64
        return re.fullmatch("-?[0-9]{1,19}", str(value)) is not None
    if name == "expiresAt":  # [D] a date-time
        return tasks.date_time(str(value)) is not None
    return True
