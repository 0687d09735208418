"""Findings that a team accepts, written into its own deviations file."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from pytest_hubfiles import cassettes, regular_files
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge import deviations
from pytest_hubfiles.judge.deviations import Deviation, DeviationsFileError
from pytest_hubfiles.model.days import today
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Category, Kind

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}")
_ONE_OF_MANY: Final = {
    Kind.UNDOCUMENTED_STATUS,
    Kind.CONTENT_TYPE_CHANGED,
    Kind.TYPE_CHANGED,
    Kind.FORMAT_CHANGED,
    Kind.ENUM_VALUE_ADDED,
    Kind.SUCCESS_STATUS_CHANGED,
    Kind.ERROR_STATUS_CHANGED,
}
"""What is accepted as it was found: another status, type or value is another finding."""

_HEADER: Final = re.compile(r"\s*\[\[\s*deviation\s*\]\]")


class FindingNotAcceptedError(HubfilesError):
    """A finding that cannot be made a deviation."""


class FoundFinding(NamedTuple):
    """A finding, the ``source`` that has it, a report or a folder, and the ``cassettes`` that show it."""

    finding: Finding
    source: str
    cassettes: tuple[str, ...]


def is_fingerprint(text: str) -> bool:
    """Return whether *text* may be the fingerprint of a finding."""
    return _FINGERPRINT.fullmatch(text) is not None


def find(fingerprints: Sequence[str], sources: Mapping[str, Iterable[Finding]]) -> list[FoundFinding]:
    """Return the findings called *fingerprints*, each from the first of *sources* that has it.

    Raises:
        FindingNotAcceptedError: if none of them has one.
    """
    missing = dict.fromkeys(fingerprints)
    found: dict[str, FoundFinding] = {}
    known: dict[str, Finding] = {}
    for name, findings in sources.items():
        here: dict[str, list[Finding]] = {}
        for finding in findings if missing else ():
            here.setdefault(finding.fingerprint, []).append(finding)
        known = {**{fingerprint: same[0] for fingerprint, same in here.items()}, **known}
        for fingerprint in [one for one in missing if one in here]:
            shown = dict.fromkeys(finding.cassette for finding in here[fingerprint] if finding.cassette)
            found[fingerprint] = FoundFinding(here[fingerprint][0], name, tuple(shown))
            del missing[fingerprint]
    if missing:
        listed = "".join(f"\n  {name} {f.operation or ''} {f.path} {f.kind.value}" for name, f in known.items())
        raise FindingNotAcceptedError(
            f"No finding {', '.join(missing)} in {' or '.join(sources)}; these are in there:{listed or ' none'}\n"
            "Have a run tell: pytest --hubfiles-report json:hubfiles.json"
        )
    return [found[fingerprint] for fingerprint in dict.fromkeys(fingerprints)]


def in_report(report: Path) -> list[Finding]:
    """Return the findings of the JSON file *report*.

    Raises:
        FindingNotAcceptedError: if it cannot be read.
    """
    try:
        document = json.loads(regular_files.read_text(report))
        return [Finding.from_dict(finding) for finding in document["findings"]]
    except OSError as error:
        raise FindingNotAcceptedError(
            f"The report {report} cannot be read: {error.strerror or error}.\n"
            f"Have a run write it: pytest --hubfiles-report json:{report}"
        ) from None
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise FindingNotAcceptedError(
            f"{report} is no JSON report of this version of hubfiles. Have a run write it: "
            f"pytest --hubfiles-report json:{report}"
        ) from None


def deviation_for(found: FoundFinding, reason: str, until: dt.date | None = None) -> Deviation:
    """Return the deviation that holds for what was *found*, and for as little else as possible.

    What was taken for a credential and is none is accepted at its place in the cassettes that show it.

    Raises:
        FindingNotAcceptedError: if it says something of a recording rather than of the API.
    """
    finding = found.finding
    is_credential = finding.kind is Kind.SECRET_IN_CASSETTE
    if finding.category is Category.REPLAY and not is_credential:
        again = "" if finding.test is None else f":\n    pytest {shlex.quote(finding.test)} --hubfiles-record rewrite"
        raise FindingNotAcceptedError(
            f"{finding.fingerprint} is about a recording ({finding.kind.value}), not about the API: record again{again}"
        )
    return Deviation(
        path=finding.path,
        reason=" ".join(reason.split()),
        source=f"accepted from {found.source} on {today()}",
        versions=() if finding.version is None else (finding.version,),
        operations=() if finding.operation is None else (finding.operation,),
        keyword=finding.keyword,
        kind=finding.kind,
        found=finding.after if finding.keyword == "type" or finding.kind in _ONE_OF_MANY else None,
        category=finding.category if finding.category is Category.VERSION else None,
        states=() if finding.task_status is None else (finding.task_status,),
        until=until,
        cassettes=found.cassettes if is_credential else (),
        places=(finding.after,) if is_credential and finding.after else (),
    )


def of_all_versions(deviations_of_one: Iterable[Deviation]) -> list[Deviation]:
    """Return the same deviations with one entry for what differs by the version alone."""
    versions: dict[Deviation, list[str]] = {}
    for deviation in deviations_of_one:
        versions.setdefault(replace(deviation, versions=()), []).extend(deviation.versions)
    return [replace(same, versions=tuple(sorted(set(named)))) for same, named in versions.items()]


def add(file: Path, deviation: Deviation) -> None:
    """Write *deviation* into *file*, in its order by operation and path; all else stays as it is.

    Raises:
        DeviationsFileError: if *file* cannot be used or written; it is unchanged.
    """
    file = file.resolve()  # a link stays one
    try:
        with cassettes.locked(file, f"accepting into {file.name}"):
            text = regular_files.read_text(file) if file.exists() else ""
            known = deviations.parse(text, file)
            for place in (_place(text, known, deviation), len(text)):
                new = _spliced(text, place, _entry(deviation))
                if sorted(deviations.parse(new, file), key=repr) == sorted((*known, deviation), key=repr):
                    break
            cassettes.write(file, new.encode("utf-8"))
    except cassettes.CassetteNotWrittenError as error:
        raise DeviationsFileError(file, error.reason) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DeviationsFileError(file, str(error)) from None


def renew(file: Path, deviation: Deviation) -> Deviation | None:
    """Have the entry of *file* that has run out, and excused all that *deviation* does, hold again; return it.

    It gets the reason, the source and the last day of *deviation*, and all else stays as it is; so does its reason if
    *deviation* has none of its own. None if there is no such entry.

    Raises:
        DeviationsFileError: if *file* cannot be used or written; it is unchanged.
    """
    file = file.resolve()
    try:
        with cassettes.locked(file, f"accepting into {file.name}"):
            text = regular_files.read_text(file) if file.exists() else ""
            known = deviations.parse(text, file)
            number = next((n for n, old in enumerate(known) if old.covers(deviation)), None)
            if number is None:
                return None
            reason = known[number].reason if deviation.reason == deviations.SEEN else deviation.reason
            renewed = replace(known[number], reason=reason, source=deviation.source, until=deviation.until)
            new = _as_entry(text, number, renewed)
            if deviations.parse(new, file) != (*known[:number], renewed, *known[number + 1 :]):
                return None
            cassettes.write(file, new.encode("utf-8"))
            return renewed
    except cassettes.CassetteNotWrittenError as error:
        raise DeviationsFileError(file, error.reason) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DeviationsFileError(file, str(error)) from None


def _as_entry(text: str, number: int, renewed: Deviation) -> str:
    """Return *text* with the reason, the source and the last day of *renewed* in its entry of that *number*."""
    import tomlkit

    document = tomlkit.parse(text)
    entry: Any = document["deviation"][number]
    for key in ("reason", "source", "until"):
        value = getattr(renewed, key)
        if value is not None:
            entry[key] = value
        elif key in entry:
            del entry[key]
    return tomlkit.dumps(document)


def _order(deviation: Deviation) -> tuple[object, ...]:
    return deviation.operations, deviation.path, deviation.versions, str(deviation.kind), str(deviation.keyword)


def _place(text: str, known: tuple[Deviation, ...], deviation: Deviation) -> int:
    """Return where in *text* the entry belongs: before the first entry that follows it in order, and its comments."""
    lines = text.splitlines(keepends=True)
    headers = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    after = [number for number, other in zip(headers, known, strict=False) if _order(other) > _order(deviation)]
    if len(headers) != len(known) or not after:
        return len(text)
    first = after[0]
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return sum(map(len, lines[: first or after[0]]))  # what stands at the very top is said of the whole file


def _spliced(text: str, place: int, entry: str) -> str:
    before, after = text[:place].rstrip("\n"), text[place:]
    return "\n\n".join(part for part in (before, entry.rstrip("\n")) if part) + ("\n\n" if after else "\n") + after


def _entry(deviation: Deviation) -> str:
    import tomlkit

    facts: dict[str, Any] = {
        "versions": list(deviation.versions),
        "operations": list(deviation.operations),
        "path": deviation.path,
        "kind": deviation.kind.value if deviation.kind else None,
        "keyword": deviation.keyword,
        "found": deviation.found,
        "category": deviation.category.value if deviation.category else None,
        "states": list(deviation.states),
        "cassettes": list(deviation.cassettes),
        "places": list(deviation.places),
        "reason": deviation.reason,
        "source": deviation.source,
        "until": deviation.until,
    }
    table = tomlkit.table()
    for key, value in facts.items():
        if value:
            table[key] = value
    tables = tomlkit.aot()
    tables.append(table)
    document = tomlkit.document()
    document["deviation"] = tables
    return tomlkit.dumps(document)
