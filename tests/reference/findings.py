"""The kinds of findings with their severities, from the policy."""

from __future__ import annotations

from pytest_hubfiles.model.policy import POLICY
from reference.markdown import code, table, text


def kinds() -> str:
    """Return a row for each kind."""
    rows = []
    for kind, policy in POLICY.items():
        unless = [f"{severity.value} if {case.value}" for case, severity in policy.unless.items()]
        rows.append((code(kind.value), "; ".join([policy.severity.value, *unless]), text(policy.meaning)))
    return table(("kind", "severity", "when"), rows)
