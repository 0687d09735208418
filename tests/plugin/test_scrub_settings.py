"""A suite's ini file can have more scrubbed from recordings, and more headers kept; it cannot weaken the protection."""

from __future__ import annotations

import json

import pytest
from helpers.answers import interaction
from helpers.downstream import DOCUMENTED, Downstream, started, whole_import

from pytest_hubfiles.secrets import Additions, scrub
from pytest_hubfiles.settings import values
from pytest_hubfiles.settings.precedence import Sources

IMPORT = """
import urllib.request

def test_import(hubfiles):
    assert import_a_file(hubfiles, name="acct-4711-x", portalId=4711).task_status == "COMPLETE"
    hubfiles.start_import(**BODY, portal_id="4711", path="/hub-4711/cats")
"""


def read(name: str, value: str) -> object:
    return Sources(ini=lambda asked: [value] if asked == f"hubfiles_{name}" else None).resolve(name)[0]


def test_fields_and_patterns_are_taken_out_and_replayed(downstream: Downstream) -> None:
    """Named fields, in any spelling, and what patterns match are not in the file; a replay recognises the requests."""
    downstream.ini("hubfiles_scrub =", "  portalId", "  /acct-[0-9]{1,12}/", "  /hub-([0-9]{1,12})/")
    downstream.tests(IMPORT)
    downstream.record()
    text = downstream.cassette().read_text(encoding="utf-8")
    assert "4711" not in text
    for kept in ('"portalId": 0', '"portal_id": "0000"', '"name": "SCRUBBED-x"', '"path": "/hub-0000/cats"'):
        assert kept in text
    assert downstream.run("--hubfiles-min-judged=5").ret == 0


def test_a_cassette_of_before_is_still_replayed(downstream: Downstream) -> None:
    """A request is recognised even if its cassette holds what would be scrubbed today."""
    asked = {**DOCUMENTED, "name": "jane@example.org", "portalId": 4711, "refreshToken": "r-0123456789abcdef"}
    downstream.write([started(asked), *whole_import()[1:]])
    downstream.tests(f"def test_import(hubfiles):\n    import_a_file(hubfiles, **{asked!r})\n")
    for lines in ([], ["hubfiles_scrub = portalId"]):
        downstream.ini(*lines)
        result = downstream.run("--hubfiles-fail-on=never")
        assert result.ret == 1  # a credential fails whatever else may pass
        result.stdout.fnmatch_lines(
            [
                "*judged 4 of 4 exchanges*",
                "*secret-in-cassette: a credential stands in the request body, field refreshToken*",
            ]
        )


def test_more_headers_are_kept(downstream: Downstream) -> None:
    """A header that is named stays in the file, of a request and of an answer."""
    downstream.tests("def test_import(hubfiles):\n    import_a_file(hubfiles)\n")
    downstream.record()
    assert "User-Agent" not in downstream.cassette().read_text(encoding="utf-8")
    downstream.ini("hubfiles_keep_headers =", "  user-agent", "  X-HubSpot-Correlation-Id")
    downstream.record(mode="rewrite")
    text = downstream.cassette().read_text(encoding="utf-8").lower()
    assert "user-agent:\n      - python-urllib" in text
    assert "x-hubspot-correlation-id:" in text
    assert "authorization" not in text


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("portal id", "give the name of a field, such as portalId, or a regular expression between slashes"),
        ("/", "give the name of a field"),
        ("//", "give the name of a field"),
        ("/[a/", "it is no regular expression: "),
        ("/a{0,3}/", "it matches the empty text"),
        ("/(a)(b)/", "use at most one group"),
        ("/(a{1,3}){1,9}x/", "a group must not be repeated"),
        ("/(?:a|aa)+$/", "a group must not be repeated"),
        ("/a+b/", "write {1,200} in place of +"),
        (r"/\w*x/", "write {1,200} in place of +"),
        ("/a{3,}/", "write {1,200} in place of +"),
        ("/a{1,200}a{1,200}x/", "match in too many ways"),
        ("/a?a?a?a?a?a?a?a?a?a?a?x/", "match in too many ways"),
    ],
)
def test_bad_wishes_are_reported(value: str, good: str) -> None:
    """What is neither a name nor a pattern that surely ends is refused, with what would do."""
    with pytest.raises(values.OptionError, match="hubfiles_scrub") as caught:
        read("scrub", value)
    assert good in str(caught.value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "portalId",
        "portal_id",
        "/hub-[0-9]{1,12}/",
        r"/\bacct-(\d{1,12})\b/",
        "/[+*]{2}x/",
        r"/a\+\*b?c/",
        "/x|y|[)]{1,9}/",
    ],
)
def test_good_wishes(value: str) -> None:
    """Names, and patterns whose repetitions end, are taken."""
    assert read("scrub", value) is not None


@pytest.mark.parametrize("value", ["/a{1,200}b/", "/(?:a|b)a{1,100}c/", "/a{1,20}a{1,20}a?x/"])
def test_patterns_that_are_taken_end_soon(value: str) -> None:
    """The longest that a pattern can look at a text that nearly matches is bounded."""
    pattern = read("scrub", value)
    made = interaction("GET", "/x", json.dumps({"n": "a" * 100_000}).encode())
    kept = scrub(made, (), Additions(patterns=(pattern,))).interaction  # type: ignore[arg-type]  # it would take years
    assert kept.response_body == made.response_body


@pytest.mark.parametrize("name", ["Authorization", "set-cookie", "X-Api-Key", "X-Our-Token", "no header", "a:b", ""])
def test_headers_that_hold_credentials_cannot_be_kept(name: str) -> None:
    """No setting puts a credential into a file."""
    if not name:
        with pytest.raises(values.OptionError):
            values.OPTIONS["keep_headers"].read("ini hubfiles_keep_headers", [name])
        return
    with pytest.raises(values.OptionError, match="hubfiles_keep_headers"):
        read("keep_headers", name)


def test_a_bad_wish_ends_the_run_before_any_test(downstream: Downstream) -> None:
    """A bad value is a usage error that quotes it."""
    downstream.ini("hubfiles_scrub =", "  /(a+)+$/")
    downstream.tests(IMPORT)
    result = downstream.run_live("--hubfiles-record=once")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: ini hubfiles_scrub: '/(a+)+$/' is not possible; a group must not be repeated*"]
    )
    assert downstream.asked() == 0
