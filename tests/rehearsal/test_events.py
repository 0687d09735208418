"""What happens to a task and to its connection: the answers that come in place of those recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from helpers.answers import CONTRACTS
from helpers.downstream import polled, started, whole_import

from pytest_hubfiles.model.exchange import NEVER_COMES, Interaction
from pytest_hubfiles.rehearsal.changes import apply, changes_of, parse
from pytest_hubfiles.sandbox.refusals import FAULTS
from pytest_hubfiles.sandbox.tasks import FIRST_NUMBER, Task, import_outcome

P, R, C = "PENDING", "PROCESSING", "COMPLETE"


def changed(name: str, recorded: Sequence[Interaction]) -> list[Interaction]:
    """Return what is answered in place of *recorded*."""
    return list(apply(parse(f"import-status {name}"), recorded, CONTRACTS))


def states(interactions: Sequence[Interaction]) -> list[str | None]:
    return [interaction.task_status for interaction in interactions if interaction.method == "GET"]


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("one-poll-more", [P, P, R, C]),
        ("ten-polls-more", [*[P] * 11, R, C]),
        ("state-gone PENDING", [R, C]),
        ("state-gone PROCESSING", [P, C]),
        ("state-gone waiting", [C]),
        ("task-canceled", [P, R, "CANCELED"]),
        ("task-without-result", [P, R, C]),
        ("task-failed", [P, R, "FAILED"]),
        ("task-never-ends", [P, R, P]),
        ("task-goes-back PROCESSING", [P, R, P, R, C]),
        ("task-goes-back COMPLETE", [P, R, C, P, C]),
    ],
)
def test_tasks(name: str, seen: list[str]) -> None:
    """A task is seen in the states that the event says, and the start of it is as it was."""
    after = changed(name, whole_import())

    assert states(after) == seen
    assert after[0] == whole_import()[0]


@pytest.mark.parametrize("name", ["task-canceled", "task-without-result", "task-failed"])
def test_a_task_that_ends_badly(name: str) -> None:
    """A task that ends badly has one error and no result, and its times and its id stay."""
    end, whole = changed(name, whole_import())[-1].json, polled(C).json

    assert "result" not in end
    assert (end["numErrors"], len(end["errors"])) == (1, 1)
    assert {key: end[key] for key in ("taskId", "completedAt")} == {
        key: whole[key] for key in ("taskId", "completedAt")
    }


def test_a_poll_that_was_never_recorded() -> None:
    """Of a task that was recorded at its end alone, a waiting poll is made of that end, without what does not apply."""
    waiting, end = changed("one-poll-more", [started(), polled(C)])[1:]

    assert waiting.json == {"status": P, "taskId": end.json["taskId"], "requestedAt": end.json["requestedAt"]}


def test_the_only_poll_is_never_left_out() -> None:
    """A recording keeps at least the end of its task, and one without an end allows no such event."""
    assert states(changed("state-gone waiting", [started(), polled(C)])) == [C]
    assert states(changed("state-gone waiting", [started(), polled(P), polled(R)])) == [P, R]
    assert not [c for c in changes_of([started(), polled(P)], CONTRACTS) if c.kind in ("state-gone", "task-canceled")]


@pytest.mark.parametrize(
    ("variant", "status", "retry_after"),
    [("429", 429, "1"), ("429-no-retry-after", 429, None), ("500", 500, None), ("502", 502, None)],
)
def test_outages(variant: str, status: int, retry_after: str | None) -> None:
    """An outage comes once before the first answer, or in place of all, with headers of its own."""
    more = {"x-hubspot-ratelimit-remaining": ("98",), "Retry-After": ("60",)}
    recorded = [replace(i, response_headers={**i.response_headers, **more}) for i in whole_import()]
    once, for_good = changed(f"outage {variant}", recorded), changed(f"outage {variant}-for-good", recorded)

    assert [i.status_code for i in once] == [202, status, 200, 200, 200]
    assert [*once[:1], *once[2:]] == recorded
    assert [i.status_code for i in for_good] == [202, status, status, status]
    assert once[1].headers.get("retry-after") == retry_after
    assert once[1].match_key == recorded[1].match_key
    assert once[1].transient == f"HTTP {status}" + (f" (Retry-After: {retry_after})" if retry_after else "")
    assert {*once[1].headers} <= {"date", "content-type", "retry-after"}


def test_outages_of_a_start() -> None:
    """An outage of a start comes before it, and a client that tries again gets the recorded answer."""
    after = apply(parse("import-start outage 500"), whole_import(), CONTRACTS)

    assert [i.status_code for i in after] == [500, 202, 200, 200, 200]


def test_a_cut_connection() -> None:
    """A connection that is cut leaves half of the body under the length of the whole."""
    cut, whole = changed("outage cut", whole_import())[1:3]

    assert whole.body.startswith(cut.response_body)
    assert cut.headers["content-length"] == str(len(whole.body))


def test_an_answer_that_never_comes() -> None:
    """A stall is no answer at all: no status, no header, no body."""
    stalled = changed("outage stall", whole_import())[1]

    assert (stalled.status_code, stalled.response_headers, stalled.body) == (NEVER_COMES, {}, b"")


def test_redirects() -> None:
    """A redirect leads to what answers there: the page of the login in place of an answer, or the answer itself."""
    redirect, login, *rest = changed("redirect login", whole_import())[1:]
    assert (redirect.status_code, redirect.headers["location"]) == (302, login.url)
    assert (login.method, login.status_code, login.media_type) == ("GET", 200, "text/html")
    assert rest == whole_import()[1:]
    assert [i.status_code for i in changed("redirect login-for-good", whole_import())] == [202, *[302, 200] * 3]

    start, begun, *_ = apply(parse("import-start redirect moved"), whole_import(), CONTRACTS)
    assert (start.status_code, start.headers["location"]) == (308, begun.url)
    assert (begun.method, begun.request_body, begun.json) == ("POST", start.request_body, whole_import()[0].json)
    polls = changed("redirect moved", whole_import())[1:]
    assert [i.task_status for i in polls] == [None, P, None, R, None, C]
    assert {i.task_id for i in polls} == {whole_import()[1].task_id}


def test_each_task_by_itself() -> None:
    """Of several tasks each has its poll more, and none that of another."""
    other = [replace(i, url=i.url.replace("AAAAEZ6whGI", "AAAAEZ6whGM")) for i in whole_import()]
    mixed = [interaction for pair in zip(whole_import(), other, strict=True) for interaction in pair]
    after = changed("one-poll-more", mixed)

    assert [i.task_status for i in after if i.task_id == "AAAAEZ6whGI"] == [P, P, R, C]
    assert [i.task_status for i in after if i.task_id == "AAAAEZ6whGM"] == [P, P, R, C]


def test_as_the_sandbox_fails() -> None:
    """What comes in place of an answer is what the sandbox's switch of it sends, but for the correlation id."""
    from pytest_hubfiles.sandbox.answers import _OPERATIONS
    from pytest_hubfiles.sandbox.calls import Call, SandboxRequest

    once = {name: changed(f"outage {name}", whole_import())[1] for name in ("429", "429-no-retry-after", "500", "502")}
    call = Call(SandboxRequest("GET", "/"), _OPERATIONS[1], "v3", "A", "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf", ())
    for variant, switch in (
        ("429", "rate-limit"), ("429-no-retry-after", "rate-limit-burst"), ("500", "server-error"),
        ("502", "bad-gateway"),
    ):  # fmt: skip
        sent = FAULTS[switch](call)
        assert (once[variant].status_code, once[variant].body) == (sent.status, sent.body)
        assert once[variant].headers["content-type"] == sent.content_type
    redirect, sent = changed("redirect login", whole_import())[1], FAULTS["login-redirect"](call)
    assert (redirect.status_code, redirect.body) == (sent.status, sent.body)
    assert ("Location", redirect.headers["location"]) in sent.headers


@pytest.mark.parametrize(
    ("event", "switch"),
    [("task-failed", "failed-status"), ("task-goes-back COMPLETE", "goes-back")],
)
def test_as_tasks_of_the_sandbox_end(event: str, switch: str) -> None:
    """A task that ends otherwise shows the same members in each state as the sandbox's switch of it has them."""
    asked = {"url": "https://example.com/cat.png", "access": "PRIVATE"}
    start = Task(FIRST_NUMBER, "import", "2026-03", import_outcome(asked, FIRST_NUMBER))
    sent = [start.poll((switch,)) for _ in range(4)]
    shapes = {str(body["status"]): set(body) for body in sent}

    (made, *_) = [answer for answer in changed(event, whole_import()) if answer not in whole_import()]
    assert set(made.json) - {"links"} == shapes[made.json["status"]] - {"links"}
