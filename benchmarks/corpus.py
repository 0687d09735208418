"""Writes a corpus of cassettes: the fake server's answers, the same bytes each time, as many as asked for.

``python benchmarks/corpus.py FOLDER --exchanges 10000 --cassettes 50``
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

from pytest_hubfiles import cassettes, secrets
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.sandbox.answers import FilesApi
from pytest_hubfiles.sandbox.calls import SandboxRequest

VERSIONS = ("v3", "2025-09", "2026-03", "2026-09")
DATE = "Mon, 05 Oct 2026 09:14:05 GMT"
_HEADERS = {"authorization": "Bearer of-the-fake-server", "content-type": "application/json"}


def recordings(version: str) -> Iterator[Interaction]:
    """Yield, without end, imports of *version* as they would be recorded: a start, and polls until it is complete."""
    api = FilesApi()
    start = f"/files/{version}/files/import-from-url/async"
    for number in itertools.count():
        body = {
            "url": f"https://example.com/{number}/cat.png",
            "access": "PRIVATE",
            "duplicateValidationScope": "ENTIRE_PORTAL",
            "duplicateValidationStrategy": "NONE",
            "overwrite": False,
        }
        started = _asked(api, "POST", start, json.dumps(body).encode())
        yield started
        for _ in range(3):
            yield _asked(api, "GET", f"{start}/tasks/{started.json['id']}/status")


def _asked(api: FilesApi, method: str, path: str, body: bytes = b"") -> Interaction:
    answer = api.answer(SandboxRequest(method, path, _HEADERS, body), ())
    headers = {name: (value,) for name, value in answer.headers} | {"Date": (DATE,)}
    if answer.content_type is not None:
        headers["Content-Type"] = (answer.content_type,)
    return secrets.scrub(
        Interaction(
            method=method,
            url=CANONICAL_ORIGIN + path,
            request_headers={"Content-Type": ("application/json",)} if body else {},
            request_body=body,
            status_code=answer.status,
            reason="OK",
            response_headers=headers,
            response_body=answer.body,
        )
    ).interaction


def write(folder: Path, exchanges: int, files: int) -> None:
    """Write *exchanges*, spread evenly over as many *files*, under *folder*, as a suite's cassette root holds them."""
    for number in range(files):
        version = VERSIONS[number % len(VERSIONS)]
        count = exchanges // files + (number < exchanges % files)
        content = cassettes.dump(list(itertools.islice(recordings(version), count)))
        cassettes.write(folder / version / "corpus" / f"test_{number:05d}.yaml", content)


def main() -> None:
    """Write the corpus that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--exchanges", type=int, default=10_000)
    parser.add_argument("--cassettes", type=int, default=50)
    asked = parser.parse_args()
    write(asked.folder, asked.exchanges, asked.cassettes)
    print(f"wrote {asked.exchanges:,} exchanges in {asked.cassettes:,} cassettes under {asked.folder}")


if __name__ == "__main__":
    main()
