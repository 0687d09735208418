"""Which versions a run uses whose support ends, when, and how much of the run uses them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Final

from pytest_hubfiles import cassettes
from pytest_hubfiles.judge.support import supported
from pytest_hubfiles.model.finding import Finding, Share
from pytest_hubfiles.model.policy import Case, Kind
from pytest_hubfiles.report.grouping import plural
from pytest_hubfiles.report.record import Record
from pytest_hubfiles.report.report import Report

_SOON: Final = dt.timedelta(days=180)
_OPERATIONS: Final = re.compile(r"for (?:at least )?([0-9]+) operations?$")


def findings(records: Sequence[Record], today: dt.date) -> Iterator[Finding]:
    """Yield a finding for each version that *records* use and whose last day is known, under contract or not."""
    for version in sorted({version for record in records for version in record.used}):
        support = supported().get(version)
        if support is None:
            continue
        using = [record for record in records if version in record.used]
        share = Share(
            len({record.test for record in using}), len({record.test for record in records if _counts(record)})
        )
        noun = "tests" if any(record.is_test for record in using) else "cassettes"
        operations = {operation for record in using for operation in record.used[version]}
        verb = "was" if support.last_day < today else "is"
        until = f"{version} {verb} supported until {support.month} ({support.last_day}), {support.source}"
        yield Finding.of(
            Kind.VERSION_ENDS,
            f"{until}; used {share} {noun}, for {plural(len(operations), 'operation')}",
            *[Case.ENDS_SOON] * (support.last_day - today <= _SOON),
            version=version,
            after=str(support.last_day),
            exchanges=sum(sum(record.used[version].values()) for record in using),
            share=share,
        )


def _counts(record: Record) -> bool:
    """Return whether *record* is of a test or a cassette, rather than of a candidate that lies beside one."""
    return record.is_test or not cassettes.is_candidate(record.cassette)


def recounted(finding: Finding, report: Report, most: int) -> Finding:
    """Return *finding* of a *report* of several runs, of which one saw *most* operations, with those of all."""
    judged = {contract.operation for contract in report.judged if contract.version == finding.version}
    is_exact = len(judged) >= most and not any(f"/{finding.version}/" in url for url, _ in report.not_judged)
    count = plural(max(len(judged), most), "operation")
    return finding.but(message=_OPERATIONS.sub(f"for {'' if is_exact else 'at least '}{count}", finding.message))


def operations_in(finding: Finding) -> int:
    """Return how many operations *finding* names."""
    match = _OPERATIONS.search(finding.message)
    return int(match[1]) if match else 0
