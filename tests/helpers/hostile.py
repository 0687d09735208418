"""Cassette files that must be refused: by name, what they hold, and the reason and the line that are reported."""

from __future__ import annotations


def one(request: str = "", response: str = "", end: str = "version: 1\n") -> str:
    """Return a cassette of one interaction with these lines in its request and response."""
    return (
        "interactions:\n- request:\n    method: get\n    uri: https://x/y\n"
        f"{request}  response:\n    status: {{code: 200, message: OK}}\n{response}{end}"
    )


BOMB = "a: &a [x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{chr(ord(name) - 1)}'] * 10)}]\n" for name in "bcdefghij"
)
MALFORMED = "interaction 1 is malformed: "
UNREADABLE: dict[str, tuple[str | bytes, str, int | None]] = {
    "empty": ("", "it has no list of interactions; is it a vcrpy cassette?", 1),
    "a text": ("hello", "it has no list of interactions; is it a vcrpy cassette?", 1),
    "other keys": ("a: 1\n", "it has no list of interactions; is it a vcrpy cassette?", 1),
    "interactions null": ("interactions:\nversion: 1\n", "it has no list of interactions; is it a", 1),
    "from before vcrpy 1.0": ("- request: {}\n  response: {}\n", "it is a list, as vcrpy wrote before 1.0 and", 1),
    "other version": ("interactions: []\nversion: 2\n", "its version is 2; only vcrpy's version 1 is read", 2),
    "not UTF-8": (b"interactions: \xff", "it is not UTF-8 text (byte 14)", 1),
    "half a merge": (
        "interactions: []\n<<<<<<< HEAD\nversion: 1\n=======\n",
        "it has the conflict markers of a git merge: resolve the conflict",
        3,
    ),
    "cut off": ('interactions: []\nversion: "1\n', "it is not YAML: found unexpected end of stream", 3),
    "tab": ("interactions:\n\t- a\n", "it is not YAML: found character that cannot start any token", 2),
    "two documents": (
        "interactions: []\nversion: 1\n---\na: 1\n",
        "another document begins here; a cassette is one",
        3,
    ),
    "control character": ("a: \x01\n", "it is not YAML: ", 1),
    "unknown alias": ("interactions: [*no]\n", "the alias 'no' stands for nothing", 1),
    "key twice": (one(end="version: 1\nversion: 1\n"), "the key 'version' stands twice in one mapping", 8),
    "response twice": (one(end="  response: 1\nversion: 1\n"), "the key 'response' stands twice in one mapping", 7),
    "list as a key": ("? [a]\n: b\n", "a key is no plain text", 1),
    "buffer of zeros": (
        one("    body: !!python/object/new:_io.BytesIO {state: [10000000000]}\n"),
        "a buffer holds more than text",
        5,
    ),
    "iterator of zeros": (
        one("    body: !!python/object/apply:builtins.iter {args: [[10000000000]]}\n"),
        "a buffer holds more than text",
        5,
    ),
    "code to run": (
        "interactions:\n- !!python/object/apply:os.system [touch ran]\nversion: 1\n",
        "its tag tag:yaml.org,2002:python/object/apply:os.system asks for more than plain data; nothing is built",
        2,
    ),
    "module": (
        "interactions: [!!python/name:os.system x]\nversion: 1\n",
        "its tag tag:yaml.org,2002:python/name:os.",
        1,
    ),
    "impossible date": (
        "a: !!timestamp 2026-02-30\n",
        "'2026-02-30' is no timestamp; put it in quotes if it is a text",
        1,
    ),
    "huge integer": (f"a: {'9' * 5000}\n", "a number has 5,000 digits", 1),
    "deep brackets": ("interactions:\n  " + "[" * 100_000, "it is nested more than 100 levels deep", 2),
    "deep braces": ("interactions: [" + "{a: " * 200 + "}" * 200, "it is nested more than 100 levels deep", 1),
    "deep dashes": ("interactions:\n" + "- " * 100_000, "it is nested more than 100 levels deep", 2),
    "deep lines": ("".join(" " * n + "a:\n" for n in range(200)), "it is nested more than 100 levels deep", 101),
    "interaction null": ("interactions: [null]\nversion: 1\n", MALFORMED + "it is empty, not a mapping", 1),
    "interaction a text": ("interactions: [hi]\nversion: 1\n", MALFORMED + "it is a str, not a mapping", 1),
    "no request": ("interactions: [{response: {}}]\nversion: 1\n", MALFORMED + "it has no 'request'", 1),
    "no response": ("interactions: [{request: {}}]\nversion: 1\n", MALFORMED + "it has no 'response'", 1),
    "request a list": (
        "interactions: [{request: [], response: {}}]\nversion: 1\n",
        MALFORMED + "its request is a list, not a mapping",
        1,
    ),
    "no method": (
        "interactions: [{request: {uri: x}, response: {}}]\nversion: 1\n",
        MALFORMED + "its request has no 'method'",
        1,
    ),
    "uri a number": (one().replace("https://x/y", "7"), MALFORMED + "its uri or method is no text", 2),
    "uri of half an address": (
        one().replace("https://x/y", "'https://[x'"),
        MALFORMED + "Invalid IPv6 URL",
        2,
    ),
    "no status": (one().replace("status:", "state:"), MALFORMED + "its response has no 'status'", 2),
    "status a number": (
        one().replace("{code: 200, message: OK}", "200"),
        MALFORMED + "its status is a int, not a mapping",
        2,
    ),
    "code a text": (one().replace("200", "OK"), MALFORMED + "its HTTP status is 'OK', not a number from 100", 2),
    "code true": (one().replace("200", "true"), MALFORMED + "its HTTP status is True, not a number from 100", 2),
    "code 0": (one().replace("200", "0"), MALFORMED + "its HTTP status is 0, not a number from 100 to 999", 2),
    "headers a list": (one("    headers: [a]\n"), MALFORMED + "its headers are a list, not a mapping", 2),
    "header a mapping": (one("    headers: {a: [{b: c}]}\n"), MALFORMED + "its header a holds more than texts", 2),
    "request body a number": (one("    body: 7\n"), MALFORMED + "a body is a int, not a text", 2),
    "body a text": (one("", "    body: hi\n"), MALFORMED + "its response's body is a str, not a mapping", 2),
    "body without string": (one("", "    body: {}\n"), MALFORMED + "its response's body has no 'string'", 2),
    "body under another key": (
        one("", "    body: {base64_string: eHg=}\n"),
        MALFORMED + "its response's body has nothing under 'string', but something under base64_string",
        2,
    ),
    "body in another place": (
        one("", "    json_body: {a: 1}\n"),
        MALFORMED + "its response has no body, and keys that no known recorder writes: json_body",
        2,
    ),
    "body a date": (
        one("    body: {a: !!timestamp 2026-01-01}\n"),
        MALFORMED + "a body is no JSON: Object of type date is",
        2,
    ),
    "second interaction": (
        one(end="- {request: {}}\nversion: 1\n"),
        "interaction 2 is malformed: it has no 'response'",
        7,
    ),
    "aliases in a header": (
        BOMB + one("    headers: {a: *j}\n"),
        "with its aliases written out it is larger than hubfiles_max_cassette_mb = 64 lets pass",
        7,
    ),
    "aliases in a body": (
        one("    body: {" + BOMB.replace("\n", ", ") + "}\n"),
        "with its aliases written out it is larger than hubfiles_max_cassette_mb = 64 lets pass",
        5,
    ),
    "a long text many times": (
        one(f"    body: [&a {'x' * 100_000}, {', '.join(['*a'] * 1_000)}]\n"),
        "with its aliases written out it is larger than",
        5,
    ),
    "a header many times": (
        one(f"    headers: {{a: &a [{'x, ' * 10_000}], {', '.join(f'a{n}: *a' for n in range(1_000))}}}\n"),
        "with its aliases written out it is larger than",
        5,
    ),
    "alias of itself": (one("    body: &a [*a]\n"), "the alias 'a' stands for what it is part of", 5),
    "anchor twice": (one("    body: [&a x, &a y]\n"), "the anchor 'a' stands twice", 5),
    "no boolean": (one("    body: !!bool maybe\n"), "'maybe' is no bool; put it in quotes if it is a text", 5),
    "no timestamp": (one("    body: !!timestamp x\n"), "'x' is no timestamp; put it in quotes", 5),
    "no number": (one("    body: !!int ''\n"), "'' is no int; put it in quotes", 5),
    "long sum of sixties": (one(f"    body: !!int 1{':1' * 100_000}\n"), "a number has 200,001 digits", 5),
    "one key in two types": (one("    body: {1: a, true: b}\n"), "the key True stands twice in one mapping", 5),
    "set": (one("    body: !!set {a}\n"), "its tag tag:yaml.org,2002:set asks for more than plain data", 5),
    "many values": ("a: [" + "1," * 250_000 + "]\n", "it holds more values than a cassette of its size would", 1),
}
