"""Good answers and what becomes of them when something in them is changed: for what must see each fault."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

TIMES = [
    "2026-10-05T09:14:02.117Z", "2026-10-05T09:14:02Z", "2026-10-05T09:14:02+02:00", "2026-10-05T09:14:02-13:59",
    "2026-10-05t09:14:02z", "2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
    "2000-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-02-28T23:59:59.999999999Z", "2026-04-31T00:00:00Z",
    "2026-12-31T23:59:60Z", "2026-06-30T23:59:61Z", "2026-10-05T24:00:00Z", "2026-10-05T23:60:00Z",
    "2026-00-10T00:00:00Z", "2026-13-10T00:00:00Z", "2026-10-00T00:00:00Z", "2026-10-32T00:00:00Z",
    "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z",
    "2026-10-05T09:14:02", "2026-10-05 09:14:02Z", "2026-10-05T09:14Z", "2026-10-05", "20261005T091402Z",
    "2026-W41-1T09:14:02Z", "2026-10-05T09:14:02.Z", "2026-10-05T09:14:02,117Z", "2026-10-05T09:14:02+0200",
    "2026-10-05T09:14:02+24:00", "2026-10-05T09:14:02+14:00", "2026-10-05T09:14:02-00:00", "2026-10-05T09:14:02+02:60",
    " 2026-10-05T09:14:02Z", "2026-10-05T09:14:02Z\n", "2026-10-05T09:14:02Z ", "+2026-10-05T09:14:02Z",
    "２０２６-10-05T09:14:02Z", "2026-10-05T09:14:02.११७Z", "2026-10-05T09:14:0\u06602Z", "1759655642117", "now", "",
]  # fmt: skip
"""Dates and times that a calendar has, and those that it has not."""

UUIDS = [
    "9f1e6c1c-44f9-4e4a-8f6a-3f6a1d3b1c11", "9F1E6C1C-44F9-4E4A-8F6A-3F6A1D3B1C11", "9f1e6c1c44f94e4a8f6a3f6a1d3b1c11",
    "9f1e6c1c-44f9-4e4a-8f6a-3f6a1d3b1c1", "9f1e6c1c-44f9-4e4a-8f6a-3f6a1d3b1c11\n",
    "{9f1e6c1c-44f9-4e4a-8f6a-3f6a1d3b1c11}",
    "00000000-0000-0000-0000-000000000000", "9f1e6c1c-44f9-4e4a-8f6a-3f6a1d3b1cſ1",
    "9f1e6c1c-44f9-4e4a-8f6a-3f6a1d3b1c1g",
]  # fmt: skip

NUMBERS: list[Any] = [
    0, -1, 1, 1.0, -0.0, 0.5, 1e3, 1e300, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63 - 1, 2**63, -(2**63),
    -(2**63) - 1, 2**64, 10**40, float(2**63), 4.9e-324,
]  # fmt: skip

VALUES: list[Any] = [
    None, True, False, "", "x", "COMPLETE", "complete", "PENDING", "CANCELLED", "PRIVATE", "true", "1", "\ud800",
    [], [None], ["x"], [1], [[]], [{}], {}, {"a": "x"}, {"a": 1}, {"a": None}, {"": []}, {"message": "m"},
    *TIMES, *UUIDS, *NUMBERS,
]  # fmt: skip

_TIMES = dict.fromkeys(("requestedAt", "startedAt", "completedAt"), TIMES[0])
_FILE = {
    "id": "1", "createdAt": TIMES[0], "updatedAt": TIMES[0], "archivedAt": TIMES[1], "archived": False,
    "access": "PRIVATE", "size": 24574, "height": 12, "width": 16, "expiresAt": 1759655642117,
    "name": "cat", "path": "/cat.png",
    "sourceGroup": "CONTENT", "isUsableInContent": True, "type": "IMG",
}  # fmt: skip
_DETAIL = {"message": "m", "code": "c", "in": "i", "context": {"row": ["1", "2"]}}
_ERRORS = [
    {
        "category": "VALIDATION_ERROR", "context": {"a": ["b"]}, "errors": [_DETAIL], "links": {"more": "l"},
        "message": "m", "status": "error", "id": "1", "subCategory": {"any": [1]},
    }
]  # fmt: skip
BODIES: list[Any] = [
    {"status": "COMPLETE", "taskId": "1", **_TIMES, "result": _FILE, "links": {"self": "l"}, "numErrors": 0},
    {"status": "CANCELED", "taskId": "1", **_TIMES, "errors": _ERRORS, "numErrors": 1},
    {"status": "PENDING", "taskId": "1", **_TIMES},
    {"id": "1", "links": {"self": "l"}},
    {"status": "error", "category": "C", "correlationId": UUIDS[0], "message": "m", "errors": [_DETAIL], "links": {}},
    {"category": "C", "correlationId": UUIDS[0], "message": "m", "context": {"a": ["b"]}, "subCategory": "S"},
    {
        "url": "https://example.com/cat.png", "access": "PRIVATE", "duplicateValidationScope": "ENTIRE_PORTAL",
        "duplicateValidationStrategy": "NONE", "overwrite": False, "folderPath": "/a",
    },
    {"id": "1", "name": "library", "parentFolderId": 5},
]  # fmt: skip
"""An answer or request of each kind, good by most contracts."""


def mutants(seed: int, count: int) -> Iterator[Any]:
    """Yield *count* bodies with one to three changes each, as JSON text can hold them."""
    random_ = random.Random(seed)
    for _ in range(count):
        body = copy.deepcopy(random_.choice(BODIES))
        for _ in range(random_.choice((1, 1, 1, 2, 3))):
            body = _changed(body, random_)
        yield body


def _changed(body: Any, random_: random.Random) -> Any:
    places = list(_places(body))
    if not places or random_.random() < 0.01:
        return random_.choice(VALUES)
    holder, key = random_.choice(places)
    kind = random_.randrange(10)
    if kind < 6:
        holder[key] = copy.deepcopy(random_.choice(VALUES))
    elif kind == 6:
        del holder[key]
    elif kind == 7 and isinstance(holder, dict):
        holder[random_.choice(["status", "id", "message", "errors", "x", "", "Id"])] = copy.deepcopy(
            random_.choice(VALUES)
        )
    elif kind == 8 and isinstance(holder, dict):
        holder[key + random_.choice(["s", "_", " "])] = holder.pop(key)
    else:
        holder[key] = [holder[key], json.loads(json.dumps(holder[key]))]
    return body


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in list(items):
        yield value, key
        yield from _places(child)
