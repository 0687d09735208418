"""The switches that make the sandbox behave like a HubSpot that changed or failed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.known_answers import Body, epoch, on_old_host


@dataclass(frozen=True, slots=True)
class Switch:
    """One way in which HubSpot changed or failed, or might.

    ``evidence`` is D (HubSpot documents it), R (a published recording or report shows it) or I (inferred); ``origin``
    is its source. A ``drift`` changes answers that still succeed, a ``fault`` replaces the answer to every status
    request.
    """

    name: str
    evidence: Literal["D", "R", "I"]
    origin: str
    effect: str
    kind: Literal["drift", "fault"]


# Two lines for each switch, not seven.
# fmt: off
_TABLE = (
    Switch("201", "R", "hubspot-api-nodejs#656, 2025-08: the codes 201 and 200 swapped on siblings",
           "the status request answers 201 instead of 200", "drift"),
    Switch("202", "I", "no recording; hubspot-api-python#448 shows what an undeclared 2xx does to a client",
           "the status request answers 202 instead of 200", "drift"),
    Switch("204", "I", "no recording; hubspot-api-python#448 shows what an undeclared 2xx does to a client",
           "the status request answers 204 without a body", "drift"),
    Switch("correlation-v7", "R", "response headers published between 2024-07 and 2026-04",
           "correlation ids are UUIDv7 and the x-evy-* and x-envoy-* headers are gone", "drift"),
    Switch("empty-200", "I", "no recording; the other reading of hubspot-api-python#98, 2022-04",
           "the status request answers 200 with an empty body", "drift"),
    Switch("epoch-times", "I", "no recording; the webhooks journal documents its times as epoch int64",
           "completedAt is a number, the epoch in milliseconds", "drift"),
    Switch("failed-status", "I", "undocumented; four of seven public clients test for it",
           "tasks end as FAILED, without result and with one error", "drift"),
    Switch("file-md5", "D", "HubSpot's v3 specification, 2025-03-18",
           "fileMd5 and sourceGroup appear on images too", "drift"),
    Switch("folders-gone", "D", "HubSpot's 2026-09-beta specification",
           "both folder operations answer 404 with an HTML page", "drift"),
    Switch("goes-back", "I", "no recording; HubSpot documents no order of states",
           "the poll after a task ended says PENDING, and it runs again", "drift"),
    Switch("never-ends", "I", "no recording; two of seven public clients would wait for ever",
           "a task stays PROCESSING for ever", "drift"),
    Switch("no-access", "D", "HubSpot's specifications: access is required in v3, optional from 2025-09 on",
           "access is missing from the file", "drift"),
    Switch("null-body", "I", "hubspot-api-python#98, 2022-04: reported as None, the null is inferred",
           "until a task has ended its body is a literal null", "drift"),
    Switch("null-fields", "R", "hubspot-api-php#161, 2022-08 to 2023-01: fields of signed-url answers",
           "url and defaultHostingUrl of the file are null, their keys still there", "drift"),
    Switch("nulls", "R", "hubspot-api-nodejs#656, 2025-08: a sibling endpoint's body",
           "requestedAt is null, and empty links and errors appear", "drift"),
    Switch("old-file-host", "R", "a file recorded in 2021-11",
           "the file's URLs are on f.hubspotusercontent10.net", "drift"),
    Switch("renamed-field", "I", "no recording; HubSpot's definition of a breaking change lists renaming",
           "defaultHostingUrl of the file is called hostingUrl", "drift"),
    Switch("sensitive-access", "D", "HubSpot's v3 specification, 2025-03-18",
           "access of the file is HIDDEN_SENSITIVE, whatever was asked", "drift"),
    Switch("size-as-string", "R", "airbytehq/airbyte#38286, 2024-05: another HubSpot integer",
           "size of the file is a string", "drift"),
    Switch("source-group-enum", "D", "HubSpot's v3 specification, 2026-02-10",
           "nothing on the wire: the specification closed the list of sourceGroup's values", "drift"),
    Switch("sunset", "I", "RFC 9745 and RFC 8594; HubSpot was not seen to send either header",
           "every answer of the API carries Deprecation and Sunset headers", "drift"),
    Switch("bad-gateway", "D", "HubSpot's page on error handling lists 502; the HTML is inferred",
           "502 with an HTML page of the content delivery network", "fault"),
    Switch("cut", "I", "no recording; any connection can end early",
           "the connection closes half way through the announced body", "fault"),
    Switch("html-200", "R", "HGData/mk-node-hubspot#297: an HTML page where JSON was due",
           "200 with an HTML page", "fault"),
    Switch("login-redirect", "I", "no recording; what web applications do without a session",
           "302 to HubSpot's login page", "fault"),
    Switch("rate-limit", "D", "HubSpot's page on usage limits; Retry-After is inferred and optional",
           "429 for the daily limit, with Retry-After: 1", "fault"),
    Switch("rate-limit-burst", "D", "HubSpot's page on usage limits; the form is the daily limit's",
           "429 for the ten-second limit, without Retry-After", "fault"),
    Switch("server-error", "R", "HubSpot/hubspot-php#192",
           "500 with the JSON body of an internal error", "fault"),
    Switch("stall", "I", "no recording; HubSpot's page on error handling lists 524, a time-out",
           "nothing is sent for 30 s, then the connection closes", "fault"),
    Switch("unavailable", "D", "HubSpot's page on error handling lists 503; the HTML is inferred",
           "503 with an HTML page", "fault"),
)
# fmt: on

SWITCHES: Mapping[str, Switch] = MappingProxyType({switch.name: switch for switch in _TABLE})


class UnknownSwitchError(HubfilesError):
    """The sandbox has no such switch."""

    def __init__(self, name: str) -> None:
        self.name, self.known = name, sorted(SWITCHES)
        super().__init__(
            f"The sandbox has no switch {name!r}.\n"
            f"Switches: {', '.join(self.known)}.\n"
            "Name one of these, or none for the plain sandbox."
        )


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """Return *names*, all of which are switches.

    Raises:
        UnknownSwitchError: if one of them is not.
    """
    asked = tuple(names)
    for name in asked:
        if name not in SWITCHES:
            raise UnknownSwitchError(name)
    return asked


# --- drift of a status body --------------------------------------------------------------------------------


def _with(body: Body, **changes: object) -> Body:
    """Replace values in *body*; a key that it lacks stays absent."""
    return {key: changes.get(key, value) for key, value in body.items()}


def _dropped(body: Body, key: str) -> Body:
    return {name: value for name, value in body.items() if name != key}


def _on_old_host(body: Body) -> Body:
    return {**body, **{key: on_old_host(str(body[key])) for key in ("url", "defaultHostingUrl") if key in body}}


def _with_md5(body: Body) -> Body:
    if "access" not in body:  # a folder
        return body
    return {**body, "fileMd5": md5_of(str(body.get("path"))), "sourceGroup": "CONTENT"}


def md5_of(text: str) -> str:
    """Make a digest in the form of ``fileMd5``; the sandbox has no file."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _epoch(body: Body) -> Body:
    return _with(body, completedAt=epoch(str(body["completedAt"]))) if "completedAt" in body else body


_RESULT_CHANGES: Mapping[str, Callable[[Body], Body]] = {
    "file-md5": _with_md5,
    "no-access": lambda body: _dropped(body, "access"),
    "null-fields": lambda body: _with(body, url=None, defaultHostingUrl=None),
    "old-file-host": _on_old_host,
    "renamed-field": lambda body: {
        "hostingUrl" if key == "defaultHostingUrl" else key: value for key, value in body.items()
    },
    "sensitive-access": lambda body: _with(body, access="HIDDEN_SENSITIVE"),
    "size-as-string": lambda body: _with(body, size=str(body.get("size"))),
}

_STATUS_CHANGES: Mapping[str, Callable[[Body], Body]] = {
    "epoch-times": _epoch,
    "nulls": lambda body: {"links": {}, "errors": [], **body, "requestedAt": None},
}


def drifted(body: Body, names: Sequence[str]) -> Body | None:
    """Apply the switches *names* to a status body, in order; None is the JSON null."""
    result = body.get("result")
    for name in names:
        if name in _RESULT_CHANGES and isinstance(result, Mapping):
            result = _RESULT_CHANGES[name](result)
            body = {**body, "result": result}
        if name in _STATUS_CHANGES:
            body = _STATUS_CHANGES[name](body)
    if "null-body" in names and body["status"] in ("PENDING", "PROCESSING"):
        return None
    return body
