"""R8: with scrubbing switched off, no credential that is known passes the write guard, however it is written."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from faults.canaries import plant
from faults.ledger import Outcome
from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.secrets.write_guard import CredentialInFileError, WriteGuard


def _lower(quoted: str) -> str:
    head, *parts = quoted.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in parts)])


def _base64(offset: int, *, url_safe: bool) -> Callable[[str], str]:
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    return lambda token: encode(b"user:!"[:offset] + token.encode() + b"tail").decode()


WAYS: dict[str, Callable[[str], str]] = {
    "raw": lambda token: token,
    "JSON": lambda token: json.dumps({"note": f"a {token} b"}),
    "JSON, not ASCII": lambda token: json.dumps([token], ensure_ascii=False),
    "JSON in JSON": lambda token: json.dumps(json.dumps(token)),
    "JSON, every character": lambda token: "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in token),
    "percent": lambda token: quote(token, safe=""),
    "percent, all": lambda token: "".join(f"%{byte:02X}" for byte in token.encode()),
    "percent, lower": lambda token: _lower(quote(token, safe="")),
    "percent twice": lambda token: quote(quote(token, safe=""), safe=""),
    "percent twice, lower": lambda token: _lower(quote(_lower(quote(token, safe="")), safe="")),
    "form": lambda token: f"a=1&b={quote(token)}&c=2",
    **{f"base64 at {n}": _base64(n, url_safe=False) for n in range(3)},
    **{f"base64 at {n}, for URLs": _base64(n, url_safe=True) for n in range(3)},
    "base64, percent": lambda token: quote(base64.b64encode(token.encode()).decode(), safe=""),
    "HTML": lambda token: f"<p>{html.escape(token)}</p>",
    "HTML in JSON": lambda token: json.dumps({"message": html.escape(token)}),
    "XML, every character": lambda token: "".join(f"&#{ord(c)};" for c in token),
    "XML, hex": lambda token: "".join(f"&#x{ord(c):X};" for c in token),
    "CSV": lambda token: '1,"{}",2'.format(token.replace('"', '""')),
    "hex": lambda token: token.encode().hex(),
    "hex, upper": lambda token: token.encode().hex().upper(),
}
BINARY: dict[str, Callable[[str], bytes]] = {
    "among bytes": lambda token: b"\xff\xfe\x00" + token.encode() + b"\xff",
    "percent among bytes": lambda token: b"\xff\xff" + quote(token, safe="").encode() + b"\xff",
    "utf-16": lambda token: json.dumps({"note": token}).encode("utf-16"),
    "gzip": lambda token: gzip.compress(token.encode(), mtime=0),
}
PLACES = ("URL", "request header", "request body", "response header", "response body", "reason")
TOKENS = st.one_of(
    st.integers(0, 10**9).flatmap(lambda n: st.sampled_from([one.canary for one in plant(n)[:12]])),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=8, max_size=60).filter(
        lambda text: len(text.strip()) >= 8
    ),
    st.text(st.sampled_from("abcXYZ019-_.~+/=%&?\\\"'{}:"), min_size=8, max_size=40),
)
CASES = st.tuples(TOKENS, st.sampled_from(PLACES), st.sampled_from([*WAYS, *BINARY]), st.integers(0, 2))


def interaction(place: str = "", said: str | bytes = "") -> Interaction:
    """Make an interaction with something *said* at one *place*."""
    text = said if isinstance(said, str) else said.decode("latin-1")
    body = said if isinstance(said, bytes) else said.encode()

    def at(where: str, otherwise: str) -> str:
        return text if place == where else otherwise

    return Interaction(
        method="POST",
        url=f"{CANONICAL_ORIGIN}/files/v3/x?a={at('URL', '1')}",
        request_headers={"Accept": (at("request header", "application/json"),)},
        request_body=body if place == "request body" else b'{"name": "cat"}',
        status_code=200,
        reason=at("reason", "OK"),
        response_headers={"Link": (at("response header", "<x>"),)},
        response_body=body if place == "response body" else b'{"status": "COMPLETE", "id": "122692044085"}',
    )


@dataclass
class Tally:
    """What came of the cases so far."""

    cases: int = 0
    missed: list[str] = field(default_factory=list)
    missed_raw: int = 0

    def judge(self, token: str, place: str, way: str, before: int) -> None:
        """Hide *token* at *place*, written in this *way*, behind other interactions, and have the write guard look."""
        if way in BINARY and place not in ("request body", "response body"):
            place = "response body"
        said = WAYS[way](token) if way in WAYS else BINARY[way](token)
        content = cassettes.dump([*[interaction()] * before, interaction(place, said), interaction()])
        guard = WriteGuard()
        guard.know(token, "the token")
        self.cases += 1
        self.missed_raw += token.encode() not in content
        if not guard.values or any(word in str(interaction()) for word in guard.values):
            return
        try:
            guard.check("x.yaml", content)
        except CredentialInFileError as error:
            if f"interaction {before + 1}" not in error.place:
                self.missed.append(f"{way} in {place}: reported as {error.place}")
            # Hypothesis also tries texts that stand in the code, and so pieces of this very message.
            own_words = str(CredentialInFileError("x.yaml", "the token", ""))
            if token in str(error).replace(error.place, "") and token not in own_words:
                self.missed.append(f"{way} in {place}: reported by its value")
        else:
            self.missed.append(f"{way} in {place}: {token!r} passed")
        clean = cassettes.dump([interaction()] * 3)
        try:
            guard.check("x.yaml", clean)
        except CredentialInFileError:
            self.missed.append(f"{token!r}: a clean file refused")


def run(bounded: bool) -> Outcome:
    """Hide 5,000 tokens in cassettes that nobody scrubbed."""
    tally = Tally()
    for number, way in enumerate([*WAYS, *BINARY]):  # at least one of each
        for place in PLACES:
            tally.judge(plant(number)[0].canary, place, way, number % 3)

    @seed(8)
    @settings(
        max_examples=200 if bounded else 5_000,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(CASES)
    def hide(case: tuple[str, str, str, int]) -> None:
        tally.judge(*case)

    hide()
    return Outcome(
        promise="R8",
        title="what was sent as a credential is in no file, whatever scrubbing missed",
        injected=tally.cases,
        cost="missed",
        control=tally.missed_raw > tally.cases // 3,
        failures=tuple(dict.fromkeys(tally.missed)),
    )
