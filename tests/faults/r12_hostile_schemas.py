"""R12: a schema file is data: it fetches nothing, reads nothing, and loading it and judging by it ends."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from helpers.answers import interaction

from faults.apart import Case, limit_memory, survive, watch, within
from faults.ledger import Outcome
from pytest_hubfiles.judge import schema_files

_TIMES: Final = 400  # what json.loads takes, to load a schema and to judge a body by it; none takes more than 40
_MEGABYTES: Final = 800
_SECRET: Final = "secret.json"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
REFUSED, JUDGED = "refused", "judged"


def _named(**defs: Any) -> dict[str, Any]:
    return {"$ref": "#/$defs/A", "$defs": defs}


def _chain(keyword: str, length: int) -> dict[str, Any]:
    """Return schemas of which each holds its value twice against the next."""
    defs: dict[str, Any] = {f"S{n}": {keyword: [{"$ref": f"#/$defs/S{n + 1}"}] * 2} for n in range(length)}
    return {"$ref": "#/$defs/S0", "$defs": {**defs, f"S{length}": {"type": "string"}}}


def _deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"properties": {"a": schema}}
    return schema


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


_TWICE: Final = [{"properties": {"a": {"$ref": "#/$defs/A"}}}, {"properties": {"a": {"$ref": "#/$defs/A"}}}]
_OBJECTS: Final = [{"a": n} for n in range(20_000)]


def corpus(address: str, secret: Path) -> Mapping[str, tuple[Any, Any, str]]:
    """Return schemas by name: the schema or the file's text, a body to judge, and whether it must be refused."""
    remote, local = f"{address}/s.json", secret.as_uri()
    return {
        "$ref over http": ({"$ref": remote}, {}, REFUSED),
        "$ref to a file": ({"$ref": local}, {}, REFUSED),
        "$ref to a file beside": ({"$ref": _SECRET}, {}, REFUSED),
        "$ref up the folders": ({"$ref": f"../../{_SECRET}"}, {}, REFUSED),
        "$ref without a scheme": ({"$ref": remote.removeprefix("http:")}, {}, REFUSED),
        "$ref to the dialect": ({"$ref": _DIALECT}, {}, REFUSED),
        "$ref deep inside": ({"properties": {"a": {"items": {"$ref": remote}}}}, {"a": [1]}, REFUSED),
        "$dynamicRef over http": ({"$dynamicRef": f"{remote}#x"}, {}, REFUSED),
        "$schema over http": ({"$schema": remote}, {}, REFUSED),
        "$schema of a file": ({"$schema": local}, {}, REFUSED),
        "$schema inside": ({"properties": {"a": {"$schema": remote}}}, {"a": 1}, REFUSED),
        "$id that moves references": (
            {"properties": {"a": {"$id": f"{address}/", "$ref": "s.json"}}},
            {"a": 1},
            REFUSED,
        ),
        "$id of the file": ({"$id": remote, "$ref": "#/$defs/A", "$defs": {"A": {"type": "object"}}}, {}, JUDGED),
        "$id of another": ({"$id": "urn:hubfiles:v3:import-start", "type": "object"}, {}, JUDGED),
        "$ref to itself": ({"$ref": "#"}, {}, REFUSED),
        "$refs in a circle": (_named(A={"$ref": "#/$defs/B"}, B={"$ref": "#/$defs/A"}), {}, REFUSED),
        "a circle through allOf": (_named(A={"allOf": [{"$ref": "#/$defs/A"}]}), {}, REFUSED),
        "a circle through not": (_named(A={"not": {"$ref": "#/$defs/A"}}), {}, REFUSED),
        "a circle through if": (_named(A={"if": {"$ref": "#/$defs/A"}}), {}, REFUSED),
        "a circle by $dynamicRef": ({"$dynamicAnchor": "x", "$dynamicRef": "#x"}, {}, REFUSED),
        "a $ref to nothing": ({"$ref": "#/$defs/None"}, {}, REFUSED),
        "a $ref to no schema": ({"$ref": "#/x-hubfiles/path"}, {}, REFUSED),
        "an unknown keyword": ({"requierd": ["a"]}, {}, REFUSED),
        "an unknown format": ({"format": "iban"}, {}, REFUSED),
        "a keyword of the wrong type": ({"required": "a"}, {}, REFUSED),
        "a pattern that is none": ({"pattern": "("}, "x", REFUSED),
        "a slow pattern": ({"properties": {"a": {"pattern": "(a+)+$"}}}, {"a": "a" * 5_000 + "!"}, JUDGED),
        "a slow pattern of choices": ({"properties": {"a": {"pattern": "^(a|a|b)*c$"}}}, {"a": "a" * 5_000}, JUDGED),
        "a pattern of many stars": (
            {"properties": {"a": {"pattern": "(.*)(.*)(.*)(.*)(.*)(.*)[^a]$"}}},
            {"a": "a" * 3_000},
            JUDGED,
        ),
        "a slow pattern a hundred times": (
            {"items": {"pattern": "(.*)(.*)(.*)(.*)(.*)(.*)[^a]$"}},
            ["a" * 3_000] * 100,
            JUDGED,
        ),
        "a slow pattern of names": ({"patternProperties": {"(a+)+$": {}}}, {"a" * 5_000 + "!": 1}, REFUSED),
        "a slow pattern in $defs": (_named(A={"patternProperties": {"(a|a)*b": {}}}), {"a" * 60: 1}, REFUSED),
        "uniqueItems of objects": ({"properties": {"a": {"uniqueItems": True}}}, {"a": _OBJECTS}, JUDGED),
        "uniqueItems of mixed kinds": ({"uniqueItems": True}, [*_OBJECTS, *range(20_000), "x", None, [1]], JUDGED),
        "allOf twice, 40 times": (_chain("allOf", 40), {}, REFUSED),
        "anyOf twice, 40 times": (_chain("anyOf", 40), {}, REFUSED),
        "oneOf twice, 40 times": (_chain("oneOf", 40), {}, REFUSED),
        "a member judged twice at each level": (_named(A={"anyOf": _TWICE, "type": "object"}), _nested(60), JUDGED),
        "3,000 $refs in a circle": (
            {
                "$ref": "#/$defs/S0",
                "$defs": {f"S{n}": {"$ref": f"#/$defs/S{n + 1}"} for n in range(3_000)} | {"S3000": {}},
            },
            {},
            REFUSED,
        ),
        "300 levels": (_deep(300), _nested(301), REFUSED),
        "30 levels": (_deep(30), _nested(31), JUDGED),
        "100,000 levels": ('{"properties":{"a":' * 100_000 + "{}" + "}}" * 100_000, {}, REFUSED),
        "a key twice": ('{"type": "object", "type": "array"}', {}, REFUSED),
        "half a file": ('{"type": "obj', {}, REFUSED),
        "no JSON": ("\x00\xff", {}, REFUSED),
        "Infinity": ('{"maximum": Infinity}', {}, REFUSED),
        "a number of 5,000 digits": ('{"maximum": ' + "9" * 5_000 + "}", {}, REFUSED),
        "a multiple of almost nothing": ({"properties": {"a": {"multipleOf": 1e-300}}}, {"a": 10**400}, JUDGED),
        "a count beyond all": ({"minLength": 10**300}, "x", JUDGED),
        "an enum of 20,000": ({"properties": {"a": {"enum": list(range(20_000))}}}, {"a": "x"}, JUDGED),
    }


def _file(schema: Any) -> bytes:
    about = {"method": "GET", "path": "/exports/v3/x/tasks/{taskId}/status", "responses": {"200": "#"}}
    if isinstance(schema, str):
        return f'{{"x-hubfiles": {json.dumps(about)},{schema[1:]}'.encode("utf-8", "surrogateescape")
    if schema.get("$ref") == "#/$defs/A" or schema.get("$ref") == "#/$defs/S0":
        about["responses"] = {"200": schema["$ref"]}
        schema = {name: part for name, part in schema.items() if name != "$ref"}
    return json.dumps({"x-hubfiles": about, **schema}).encode()


def _judge(folder: Path, number: int, schema: Any, body: Any, wanted: str) -> str:
    file = folder / str(number) / "v3" / "export.json"
    file.parent.mkdir(parents=True, exist_ok=True)  # a case that took too long is tried again
    file.write_bytes(_file(schema))
    with within(_TIMES, file.read_bytes(), json.dumps(body).encode()):
        return _load_and_judge(file, body, wanted)


def _load_and_judge(file: Path, body: Any, wanted: str) -> str:
    try:
        contracts = schema_files.load([file.parent.parent])
    except schema_files.SchemaFileError as error:
        return "" if wanted == REFUSED and str(file) in str(error) else f"it is refused: {error.reason}"
    if wanted == REFUSED:
        return "it is accepted"
    exchange = contracts.identify(interaction("GET", "/exports/v3/x/tasks/1/status", body))
    list(contracts.check(exchange))
    contracts.get("v3", "export").outline(200)
    return ""


def _wide() -> bytes:
    """Return an OpenAPI document of 100 tasks that share 30 schemas, each of which leads to 20 others."""
    schemas = {
        f"A{n}": {"properties": {f"p{m}": {"$ref": f"#/components/schemas/A{(n + m) % 30}"} for m in range(20)}}
        for n in range(30)
    }
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A0"}}}}
    paths = {f"/crm/v3/a{n}/async/tasks/{{id}}/status": {"get": {"responses": {"200": answer}}} for n in range(100)}
    return json.dumps({"openapi": "3.0.0", "paths": paths, "components": {"schemas": schemas}}).encode()


def _import(document: bytes) -> str:
    from pytest_hubfiles import openapi  # what it imports is not counted

    with within(_TIMES, document):
        found = openapi.contracts(openapi.parse(document, "spec.json")).contracts
    return "" if len(found) == 100 else f"it has {len(found)} contracts"


def _unguarded(schema: Any, body: Any) -> str:
    """Judge as jsonschema alone does: the positive control."""
    import jsonschema

    with within(_TIMES, json.dumps(schema).encode(), json.dumps(body).encode()):
        list(jsonschema.Draft202012Validator(schema).iter_errors(body))
    return ""


@contextmanager
def _watched() -> Iterator[tuple[str, list[str]]]:
    """Serve schemas and count who asks; tell of every file called secret.json that is opened, too."""
    seen: list[str] = []

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name http.server looks for
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            """Keep silent."""

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and str(args[0]).endswith(_SECRET):
            seen.append(str(args[0]))

    with ThreadingHTTPServer(("127.0.0.1", 0), Counting) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        sys.addaudithook(audit)
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()


_CONTROL: Final = ("$ref over http", "a slow pattern")


def _cases(name: str, folder: Path, address: str, seen: list[str]) -> Iterator[Case]:
    (folder / _SECRET).write_text("{}")

    def quiet(case: Any) -> str:
        seen.clear()
        return case() or (f"it asked for {seen}" if seen else "")

    if name == "ours":
        yield "a wide OpenAPI document", partial(quiet, partial(_import, _wide()))
    for number, (title, (schema, body, wanted)) in enumerate(corpus(address, folder / _SECRET).items()):
        if name == "ours":
            yield title, partial(quiet, partial(_judge, folder, number, schema, body, wanted))
        elif title in _CONTROL:
            yield title, partial(quiet, partial(_unguarded, schema, body))


def run(bounded: bool) -> Outcome:
    """Load every schema and judge by it what is loaded; there are few enough to do so in either case."""
    injected, problems = survive(__name__, "ours")
    _, control = survive(__name__, "unguarded", tries=1)
    title = f"a schema fetches and reads nothing, and judges within {_TIMES} times what `json.loads` takes"
    fails = len(control) == len(_CONTROL)
    return Outcome("R12", title, injected, "fetched, hung or crashed", fails, tuple(problems))


if __name__ == "__main__":
    where = Path(sys.argv[2])
    limit_memory(_MEGABYTES)
    with _watched() as (listening, asked):
        watch(_cases(sys.argv[1], where, listening, asked), where, int(sys.argv[3]))
