"""R20: what is no credential is neither scrubbed, nor refused, nor reported, whatever it looks like."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from helpers.answers import interaction

from faults.harmless import EXAMPLES, HEADERS, PARAMETERS, VARIABLES, texts
from faults.ledger import Outcome
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.secrets import credentials_in, scrub
from pytest_hubfiles.secrets.write_guard import WriteGuard

# What a scanner would do that knows names alone, and takes whatever has an @ in it for a mail address.
_NAIVE = re.compile(
    r"(?i)(?:token|secret|password|key|auth\w*|signature|cookie|session)\W{1,4}\w{4}|\w@\w+\.\w{2}|://\w*:\w*@"
)
_TYPES = ("application/json", "text/plain", "")


def _around(text: str) -> Iterator[tuple[str, Interaction]]:
    """Yield exchanges that have *text* in each place where one can stand."""
    for content_type in _TYPES:
        yield "answer", interaction("GET", "/a", text.encode(), content_type=content_type)
        asked = {"Content-Type": content_type}
        yield "request", interaction("POST", "/a", b"{}", request=text.encode(), request_headers=asked)
    if text.isprintable() and " " not in text:
        yield "Location", interaction("GET", "/a", headers={"Location": text})


def _wrong(name: str, text: str) -> Iterator[str]:
    """Yield what is done to *text*, or thought of it."""
    for place, made in _around(text):
        found = scrub(made)
        kept = found.interaction
        if found.places or found.values:
            yield f"{name}, {place}: taken for a credential"
        is_answer = place != "request"  # what a recorder has put into a request is matched by our placeholder
        if is_answer and (kept.response_body, kept.url) != (made.response_body, made.url):
            yield f"{name}, {place}: became {kept.response_body!r}"
        if kept.response_headers != made.response_headers:
            yield f"{name}, {place}: became {kept.response_headers}"
    guard = WriteGuard()
    guard.learn(text if text.startswith("http") else "https://x.example/a", {}, text.encode())
    if guard.values:
        yield f"{name}: the write guard would refuse what holds it"


def run(bounded: bool) -> Outcome:
    """Scrub harmless texts, headers and variables, and have the write guard learn them."""
    failures: list[str] = []
    injected = naive = 0
    for number, (name, text) in enumerate(texts()):
        if bounded and number % 3:
            continue
        injected += 1
        naive += _NAIVE.search(text) is not None
        failures += _wrong(name, text)
    for name, value in HEADERS.items():
        injected += 1
        guard = WriteGuard()
        guard.learn("https://x.example/a", {name: (value,)}, b"")
        if guard.values or credentials_in({name: (value,)}):
            failures.append(f"header {name}: taken for a credential")
    for name, value in VARIABLES.items():
        injected += 1
        if WriteGuard.of({name: value}).values:
            failures.append(f"variable {name}: taken for a credential")
    for example in EXAMPLES:
        injected += 1
        basic = base64.b64encode(f"user:{example}".encode()).decode()
        for header, value in (
            ("X-Api-Key", example),
            ("Authorization", f"Bearer {example}"),
            ("Cookie", f"sid={example}"),
        ):
            if scrub(interaction("GET", "/a", request_headers={header: value})).places:
                failures.append(f"example {example} in {header}: taken for a credential")
        if scrub(interaction("GET", "/a", request_headers={"Authorization": f"Basic {basic}"})).places:
            failures.append(f"example {example} in Basic: taken for a credential")
    for name in PARAMETERS:
        injected += 1
        url = f"/files/v3/files?{name}=7f3a9b2c1d4e5f60718293"
        if scrub(interaction("GET", url)).interaction.url != interaction("GET", url).url:
            failures.append(f"parameter {name}: scrubbed")
    return Outcome(
        promise="R20",
        title="nothing harmless is scrubbed, refused or reported",
        injected=injected,
        cost="changed or false",
        control=naive > injected // 8,
        failures=tuple(failures),
    )
