"""The suites that are measured, generated: the same tests for each environment, with cassettes of its own format."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

UNCOLLECTED = "uncollected"
"""A plugin that every suite has: without garbage collections, one more of which would weigh as much as ten tests."""

NOTHING = "nothing"
"""A plugin that every suite has, and that does nothing."""

TASK = "AAAAEZ6whGI"
ORIGIN = "https://api.hubapi.com"
PAYLOAD = json.dumps(
    {
        "status": "COMPLETE",
        "taskId": TASK,
        "requestedAt": "2026-10-05T09:14:02.117Z",
        "startedAt": "2026-10-05T09:14:02.345Z",
        "completedAt": "2026-10-05T09:14:03.393Z",
        "links": {"self": f"{ORIGIN}/files/2026-03/files/import-from-url/async/tasks/{TASK}/status"},
        "result": {
            "id": "122692044085",
            "createdAt": "2026-10-05T09:14:03.231Z",
            "updatedAt": "2026-10-05T09:14:03.231Z",
            "archived": False,
            "parentFolderId": "122692044000",
            "name": "quarterly-report-with-a-name-of-some-length",
            "path": "/library/reports/2026/quarterly-report-with-a-name-of-some-length.png",
            "size": 24574,
            "height": 1200,
            "width": 1600,
            "encoding": "png",
            "type": "IMG",
            "extension": "png",
            "fileMd5": "0cc175b9c0f1b6a831c399e269772661",
            "defaultHostingUrl": "https://1234567.fs1.hubspotusercontent-na1.net/hubfs/1234567/library/reports/2026/"
            "quarterly-report-with-a-name-of-some-length.png",
            "url": "https://1234567.fs1.hubspotusercontent-na1.net/hubfs/1234567/library/reports/2026/"
            "quarterly-report-with-a-name-of-some-length.png",
            "isUsableInContent": True,
            "access": "PUBLIC_NOT_INDEXABLE",
            "sourceGroup": "CONTENT",
        },
    },
    indent=2,
).encode()
"""The answer of a task that has ended, 1.2 kB, good by every contract."""

_POLLED = json.loads(PAYLOAD)
_POLLED["status"] = "PENDING"
del _POLLED["startedAt"], _POLLED["completedAt"]
WAITING = json.dumps(_POLLED, indent=2).encode()
"""The same of a task that waits, without the times that it has not: their absence is a known deviation."""

_CLIENTS = {
    "requests": "import requests\nclient = requests.Session()\n",
    "httpx": "import httpx\nclient = httpx.Client()\n",
}
_HEADERS = {"Content-Type": ["application/json;charset=utf-8"], "Date": ["Mon, 05 Oct 2026 09:14:05 GMT"]}
_FROM_MEMORY = {
    "requests": """
import io, itertools
import requests, urllib3
from requests.adapters import HTTPAdapter

class Memory(HTTPAdapter):
    def send(self, request, *args, **kwargs):
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(next(BODIES)), headers=urllib3.HTTPHeaderDict(HEADERS), status=200, version=11,
            reason="OK", preload_content=False, decode_content=False, request_method=request.method,
            request_url=request.path_url,
        )
        return self.build_response(request, raw)

client = requests.Session()
client.trust_env = False
client.mount("https://", Memory())
""",
    "httpx": """
import itertools
import httpx

class Memory(httpx.BaseTransport):
    def handle_request(self, request):
        return httpx.Response(200, headers=HEADERS, stream=httpx.ByteStream(next(BODIES)))

client = httpx.Client(transport=Memory())
""",
}
"""Clients that answer from memory: with pytest's own work, the least that any replay costs."""

_KEEPS_NOTHING = """
from pytest_hubfiles.record.vcrpy.patching import patched
from vcr.cassette import Cassette

class Nothing(Cassette):
    def can_play_response_for(self, request):
        return False

    def append(self, request, response):
        pass

"""
"""A cassette that keeps nothing: the least that any recording through vcrpy's stubs costs, patched in as we do."""

_OWN = {
    "own-httpx": "    with httpx.Client() as client:\n"
    "        assert client.get({url}).json()['status'] == 'COMPLETE'\n",
    "own-hubspot-sdk": "    files = HubSpot(access_token='x').files.file_assets\n"
    "    assert files.get_import_task_status({task!r}).status == 'COMPLETE'\n",
    "own-hubspot-api-client": "    files = HubSpot(access_token='x').files.files_api\n"
    "    assert files.check_import({task!r}).status == 'COMPLETE'\n",
}
_IMPORTS = {
    "own-httpx": "import httpx\n",
    "own-hubspot-sdk": "from hubspot_sdk import HubSpot\n",
    "own-hubspot-api-client": "from hubspot import HubSpot\n",
}
_V3 = "own-hubspot-api-client"  # knows that version alone


def path_of(task: str, version: str = "2026-03") -> str:
    """Return the path of a task's status."""
    return f"/files/{version}/files/import-from-url/async/tasks/{task}/status"


def write(folder: Path, kind: str, size: int, environment: str) -> None:
    """Write the suite *kind* into *folder*.

    ``corpus-`` and a format is none, but *size* cassettes of five exchanges each, and as many of the same shape beside
    them in ``others``. A suite has *size* tests; ``one``, ``record-one``, ``stubs-one`` and ``extend`` have one test
    with that many exchanges.
    Where the environment is ``bare``, what the others replay is answered from memory.
    """
    folder.mkdir(parents=True)
    if kind.startswith("corpus-"):
        _write_corpus(folder, FORMATS[kind.removeprefix("corpus-")], size)
        return
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    vcr: of another plugin\n", encoding="utf-8")
    tests = list(_tests(kind, size, environment))
    source = "import os\nimport pytest\n" + _head(kind, environment) + "\n".join(tests)
    (folder / f"{UNCOLLECTED}.py").write_text("import gc\n\ngc.disable()\n", encoding="utf-8")
    (folder / f"{NOTHING}.py").touch()
    shutil.copy(Path(__file__).with_name("twice.py"), folder)
    (folder / "test_bench.py").write_text(source, encoding="utf-8")
    if kind.startswith(("record", "extend")):
        (folder / "seed").mkdir()
    if kind.startswith(("record", "stubs")) or environment == "bare" or kind == "unused":
        return
    version = "v3" if kind == _V3 else "2026-03"
    for name, tasks in _cassettes(kind, size):
        root = folder / ("seed" if kind == "extend" else "cassettes")
        path = (root / version if environment == "ours" else root) / "test_bench" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting = len(tasks) - 1 if kind.startswith("five") else 0
        bodies = [_about(task, WAITING if number < waiting else PAYLOAD) for number, task in enumerate(tasks)]
        path.write_bytes(FORMATS[environment]([path_of(task, version) for task in tasks], bodies))


def _about(task: str, answer: bytes) -> bytes:
    """Return *answer* as of another task and another file, none of whose values but constants any other test has."""
    digits = hashlib.md5(task.encode()).hexdigest()  # fileMd5 is one
    number = int(digits[:8], 16)
    minute, second = divmod(number, 60)
    others = {
        TASK: task,
        "1226920440": f"12269{number % 100_000:05}",
        "T09:14:0": f"T09:{minute % 60:02}:{second // 10}",
        "quarterly-report": f"{digits[:9]}-report",
        "24574": str(10_000 + number % 89_999),
        "0cc175b9c0f1b6a831c399e269772661": digits,
    }
    text = answer.decode()
    for old, new in others.items():
        text = text.replace(old, new)
    return text.encode()


def _write_corpus(folder: Path, dump: Callable[[list[str], list[bytes]], bytes], size: int) -> None:
    bodies = [WAITING] * 4 + [PAYLOAD]
    for side, new_size in (("cassettes", b"24574"), ("others", b"24575")):
        root = folder / side / "2026-03"
        root.mkdir(parents=True)
        content = dump([path_of(TASK)] * len(bodies), [body.replace(b"24574", new_size) for body in bodies])
        for number in range(size):
            (root / f"test_{number}.yaml").write_bytes(content)


def _head(kind: str, environment: str) -> str:
    if kind in _IMPORTS:
        return _IMPORTS[kind]
    if kind == "unused":
        return ""
    client = "httpx" if "httpx" in kind else "requests"
    if environment == "bare" and not kind.startswith("record"):
        bodies = [WAITING] * 4 + [PAYLOAD] if kind.startswith("five") else [PAYLOAD]
        headers = [(name, value) for name, values in _HEADERS.items() for value in values]
        return f"{_FROM_MEMORY[client]}\nHEADERS = {headers!r}\nBODIES = itertools.cycle({bodies!r})\n"
    return (_KEEPS_NOTHING if kind == "stubs-one" else "") + _CLIENTS[client]


def _tests(kind: str, size: int, environment: str) -> Iterator[str]:
    asks = environment == "ours" and kind not in ("unused", "stubs-one")
    marker = "@pytest.mark.vcr\n" if environment in ("recording", "cassetter") and kind != "unused" else ""
    if kind == _V3 and asks:
        marker = "@pytest.mark.hubfiles(version='v3')\n"
    tests = 1 if kind in ("one", "record-one", "stubs-one", "extend") else size
    for number in range(tests):
        yield f"{marker}def test_{number}({'hubfiles' if asks else ''}):\n{_body(kind, size, asks, _task(number))}"


def _task(number: int) -> str:
    return f"{TASK[:7]}{number:04}"


def _body(kind: str, size: int, asks: bool, task: str) -> str:
    url = repr(ORIGIN + path_of(task))
    live = "hubfiles.base_url" if asks else "os.environ['BENCH_SERVER']"
    if kind == "unused":
        return "    assert sorted([3, 1, 2]) == [1, 2, 3]\n"
    if kind in _OWN:
        return _OWN[kind].format(url=url, task=task)
    if kind == "one":
        return (
            f"    for number in range({size}):\n"
            f"        url = {ORIGIN + path_of('TASK')!r}.replace('TASK', str(number))\n"
            "        assert client.get(url).json()['status'] == 'COMPLETE'\n"
        )
    if kind == "record-one":
        return (
            f"    for number in range({size}):\n"
            f"        url = {live} + {path_of('TASK')!r}.replace('TASK', str(number))\n"
            "        assert client.get(url).json()['status'] == 'COMPLETE'\n"
        )
    if kind == "stubs-one":
        return (
            "    with patched(Nothing('none.yaml'), ()):\n"
            f"        for number in range({size}):\n"
            f"            url = {live} + {path_of('TASK')!r}.replace('TASK', str(number))\n"
            "            assert client.get(url).json()['status'] == 'COMPLETE'\n"
        )
    if kind == "extend":
        return f"    assert client.get({live} + {path_of('the-last')!r}).json()['status'] == 'COMPLETE'\n"
    if kind.startswith("record"):
        return f"    assert client.get({live} + {path_of(task)!r}).json()['status'] == 'COMPLETE'\n"
    poll = f"    assert client.get({url}).json()['status'] == '%s'\n"
    return (poll % "PENDING") * (4 if kind.startswith("five") else 0) + poll % "COMPLETE"


def _cassettes(kind: str, size: int) -> Iterator[tuple[str, list[str]]]:
    """Yield each cassette's name and the tasks that its exchanges ask about."""
    if kind in ("one", "extend"):
        yield "test_0", [str(number) for number in range(size)]
    else:
        for number in range(size):
            yield f"test_{number}", [_task(number)] * (5 if kind.startswith("five") else 1)


def _ours(paths: list[str], bodies: list[bytes]) -> bytes:
    from pytest_hubfiles import cassettes
    from pytest_hubfiles.model.exchange import Interaction

    headers = {name: tuple(values) for name, values in _HEADERS.items()}
    asked = {"Accept": ("application/json",)}
    return cassettes.dump(
        [
            Interaction("GET", ORIGIN + path, asked, b"", 200, "OK", headers, body)
            for path, body in zip(paths, bodies, strict=True)
        ]
    )


def _recording(paths: list[str], bodies: list[bytes]) -> bytes:
    from vcr.request import Request
    from vcr.serialize import serialize
    from vcr.serializers import yamlserializer

    requests = [Request("GET", ORIGIN + path, None, {"Accept": "application/json"}) for path in paths]
    answer = {"status": {"code": 200, "message": "OK"}, "headers": _HEADERS}
    answers = [{**copy.deepcopy(answer), "body": {"string": body}} for body in bodies]  # or YAML would share them
    text: str = serialize({"requests": requests, "responses": answers}, yamlserializer)
    return text.encode()


def _cassetter(paths: list[str], bodies: list[bytes]) -> bytes:
    import yaml

    lower = {name.lower(): values for name, values in _HEADERS.items()}
    found = [
        {
            "request": {
                "method": "GET",
                "uri": ORIGIN + path,
                "headers": {"accept": ["application/json"]},
                "body": {"type": "none"},
            },
            "response": {"status": 200, "headers": lower, "body": {"type": "json", "content": json.loads(body)}},
            "recorded_at": "2026-10-05T09:14:05Z",
        }
        for path, body in zip(paths, bodies, strict=True)
    ]
    dumper = type("Dumper", (yaml.CSafeDumper,), {"ignore_aliases": lambda *_: True})
    text: str = yaml.dump({"version": 1, "interactions": found}, Dumper=dumper, sort_keys=False, width=10_000)
    text = re.sub(r"'(\d{4}-\d\d-\d\dT[^'\n]*)'", r"\1", text).replace("'", '"')  # as its own emitter does
    return re.sub(r"(?m)^( *)(\w+): (https?://.{60,})$", r"\1\2: >-\n\1  \3", text).encode()


FORMATS = {"ours": _ours, "recording": _recording, "cassetter": _cassetter}
