"""What ``hubfiles_vcr_config`` returns is handed on to vcrpy, recording and replaying; it only ever adds scrubbing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from helpers.downstream import Downstream
from helpers.http_clients import TOKEN, watched_sockets

from pytest_hubfiles import cassettes
from pytest_hubfiles.record.vcrpy.config import VCR_OPTIONS

TESTS = """
import json
import re
import pytest
from helpers import http_clients
import requests

PATH = http_clients.START
HEADERS = {{"Authorization": "Bearer " + http_clients.TOKEN, "X-Trace": "trace-0001", "Accept": "application/json"}}
CALLS = []

def called(name, *value):
    CALLS.append(name)
    return value[0] if len(value) == 1 else value

@pytest.fixture
def hubfiles_vcr_config():
    return {config}

@pytest.mark.hubfiles(version="v3")
def test_import(hubfiles):
    query = {query!r}
    started = requests.post(hubfiles.base_url + PATH + query, json=http_clients.IMPORT, headers=HEADERS)
    assert started.status_code == 202
    task = started.json()["id"]
    states = []
    while states[-1:] != ["COMPLETE"]:
        answer = requests.get(f"{{hubfiles.base_url}}{{PATH}}/tasks/{{task}}/status" + query, headers=HEADERS)
        states.append(answer.json()["status"])
    assert states == http_clients.STATES
    assert len(hubfiles.exchanges) == 4
    {more}
"""


# vcrpy 8.5, the last for Python 3.10, does not know these: there they are refused, as the last tests say.
_SINCE_9 = {
    "after_load_interaction",
    "before_save_interaction",
    "filter_nested_post_data_parameters",
    "filter_sensitive_data",
    "skip_patchers",
}


def _is_known(config: str) -> bool:
    return _SINCE_9.intersection(re.findall(r'"(\w+)":', config)) <= VCR_OPTIONS


def _known(cases: Iterable[Any]) -> list[Any]:
    return [case for case in cases if _is_known(case.values[0])]


def _record_and_replay(downstream: Downstream, config: str, query: str = "", more: str = "") -> str:
    downstream.tests(TESTS.format(config=config, query=query, more=more))
    downstream.record("--hubfiles-min-judged=4")
    text = downstream.cassette(version="v3").read_text(encoding="utf-8")
    assert TOKEN not in text
    downstream.sandbox.close()
    with watched_sockets() as seen:
        result = downstream.run("--hubfiles-min-judged=4", "--hubfiles-fail-on=warning")
    assert result.ret == 0, result.stdout.str()
    assert seen == []
    return text


@pytest.mark.parametrize(
    ("config", "there", "gone"),
    _known(
        [
            pytest.param("{}", ["Accept"], ["trace-0001"], id="nothing"),
            pytest.param('{"filter_headers": ["Accept"]}', ["X-Trace"][:0], ["Accept:"], id="filter-headers"),
            pytest.param(
                '{"filter_headers": [("Accept", "any")]}',
                ["- any"],
                ["- application/json\n      Content"],
                id="replace-headers",
            ),
            pytest.param(
                '{"filter_post_data_parameters": ["folderPath"]}',
                ["example.com"],
                ['"folderPath"'],
                id="filter-post-data",
            ),
            pytest.param(
                '{"filter_post_data_parameters": [("url", "https://example.org/a")], '
                '"filter_nested_post_data_parameters": True}',
                ["https://example.org/a"],
                ['"url": "https://example.com/cat.png"'],
                id="replace-post-data",
            ),
            pytest.param(
                '{"filter_sensitive_data": {"<TASK>": "AAAAEZ6whGI"}}',
                ["tasks/<TASK>/status"],
                ["AAAAEZ6whGI"],
                id="sensitive",
            ),
            pytest.param(
                '{"before_record_request": lambda request: called("request", request), '
                '"before_record_response": [lambda response: called("response", response)]}',
                [],
                [],
                id="hooks-that-change-nothing",
            ),
            pytest.param(
                '{"before_record_response": lambda r: {**r, "headers": {**r["headers"], "Date": ["today"]}}}',
                ["- today"],
                ["GMT"],
                id="before-record-response",
            ),
            pytest.param(
                '{"before_save_interaction": lambda q, a: (q, {**a, "status": {**a["status"], "message": "Saved"}})}',
                ["message: Saved"],
                ["message: OK"],
                id="before-save",
            ),
            pytest.param(
                '{"before_save_interaction": [lambda q, a, cassette: (q, a)], '
                '"after_load_interaction": lambda q, a: (q, a)}',
                [],
                [],
                id="both-interaction-hooks",
            ),
            pytest.param('{"ignore_localhost": True}', [], [], id="ignore-localhost"),
            pytest.param('{"ignore_hosts": ["127.0.0.1", "localhost"]}', [], [], id="ignore-the-fake-server"),
            pytest.param('{"skip_patchers": ["tornado", "httplib"]}', [], [], id="skip-patchers"),
            pytest.param('{"custom_patches": [(json, "loads", json.loads)]}', [], [], id="custom-patches-as-a-list"),
            pytest.param('{"filter_headers": []}', [], ["Authorization"], id="no-filter-headers"),
            pytest.param(
                '{"filter_headers": None, "filter_query_parameters": ()}', [], ["Authorization"], id="nothing-to-filter"
            ),
        ]
    ),
)
def test_settings_work_recording_and_replaying(
    downstream: Downstream, config: str, there: list[str], gone: list[str]
) -> None:
    """With each of vcrpy's settings an import is recorded as the setting says, and replayed offline."""
    text = _record_and_replay(downstream, config)
    for part in there:
        assert part in text
    for part in gone:
        assert part not in text


@pytest.mark.parametrize(
    "parameters",
    ['["portalId"]', '[("portalId", "0")]', '[("portalId", lambda key, value, request: "0")]'],
    ids=["drop", "replace", "call"],
)
def test_query_parameters_are_filtered(downstream: Downstream, parameters: str) -> None:
    """A parameter to filter is not in the file, and a request with it is recognised."""
    text = _record_and_replay(downstream, f'{{"filter_query_parameters": {parameters}}}', query="?portalId=4711&x=1")
    assert "4711" not in text
    assert "x=1" in text


def test_hooks_see_hubspots_origin_recording_and_replaying(downstream: Downstream) -> None:
    """What a hook sees does not depend on where a request goes."""
    _record_and_replay(
        downstream,
        '{"before_record_request": lambda request: called(request.host, request)}',
        more='assert set(CALLS) == {"api.hubapi.com"}',
    )


if "after_load_interaction" in VCR_OPTIONS:

    def test_a_loaded_interaction_can_be_changed(downstream: Downstream) -> None:
        """``after_load_interaction`` decides what a replay answers, and what is judged."""
        config = '{"after_load_interaction": lambda q, a: (q, {**a, "status": {"code": 206, "message": "Changed"}})}'
        downstream.tests(TESTS.format(config="{}", query="", more=""))
        downstream.record()
        downstream.tests(
            TESTS.format(config=config, query="", more="").replace("status_code == 202", "reason == 'Changed'")
            + "    assert {e.status_code for e in hubfiles.exchanges} == {206}\n"
        )
        result = downstream.run("--hubfiles-fail-on=never")
        assert result.ret == 0, result.stdout.str()


@pytest.mark.parametrize(
    "hook",
    _known(
        pytest.param(hook, id=name)
        for name, hook in {
            "request-header": '"before_record_request": lambda r: (r.headers.update({"Authorization": "Bearer " + '
            "http_clients.TOKEN}), r)[1]",
            "saved-header": '"before_save_interaction": lambda q, a: (q.headers.update({"authorization": "Bearer " + '
            "http_clients.TOKEN}), (q, a))[1]",
            "body": '"before_record_response": lambda r: {**r, "body": {"string": json.dumps('
            '{**json.loads(r["body"]["string"]), "echo": http_clients.TOKEN}).encode()}}',
            "response-header": '"before_save_interaction": lambda q, a: (q, {**a, "headers": {**a["headers"], '
            '"Link": [http_clients.TOKEN]}})',
            "filter-headers": '"filter_headers": [("Accept", http_clients.TOKEN)]',
            "query": '"filter_query_parameters": [("x", http_clients.TOKEN)]',
            "sensitive": '"filter_sensitive_data": {http_clients.TOKEN: "PRIVATE"}',
        }.items()
    ),
)
def test_a_hook_cannot_put_a_credential_into_the_file(downstream: Downstream, hook: str) -> None:
    """Whatever a hook adds, what was sent as a credential is not in any file afterwards."""
    downstream.tests(TESTS.format(config=f"{{{hook}}}", query="?x=1", more=""))
    downstream.run_live("--hubfiles-record=once", "--hubfiles-fail-on=never")
    files = [path for path in downstream.path.rglob("*.yaml") if path.is_file()]
    assert files
    for path in files:
        assert TOKEN not in path.read_text(encoding="utf-8"), path


def test_an_ignored_host_is_no_business_of_the_recorder(downstream: Downstream) -> None:
    """Requests to a host to ignore go out, recording and replaying; they are neither stored nor judged nor outages."""
    downstream.tests(
        TESTS.format(
            config='{"ignore_hosts": ["localhost"]}',
            query="",
            more="""
    for name, send in http_clients.SENDERS.items():
        # The fake server under another name is another host.
        answer = send("GET", LOCAL + "/none", {}, None)
        assert answer.status in (401, 404), name
    assert len(hubfiles.exchanges) == 4
""",
        )
        + f'\nLOCAL = "{downstream.sandbox.url.replace("127.0.0.1", "localhost")}"\n'
    )
    downstream.record()
    assert len(cassettes.read(downstream.cassette(version="v3"))) == 4
    result = downstream.run()
    assert result.ret == 0, result.stdout.str()


def test_a_response_that_a_hook_drops_is_not_stored(downstream: Downstream) -> None:
    """What a hook answers with None stays out of the file; the test gets it all the same."""
    config = '{"before_record_response": lambda r: None if b"PROCESSING" in r["body"]["string"] else r}'
    downstream.tests(TESTS.format(config=config, query="", more=""))
    downstream.record()
    stored = cassettes.read(downstream.cassette(version="v3"))
    assert [i.task_status for i in stored] == [None, "PENDING", "COMPLETE"]


# --- what it cannot set ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "given"),
    [
        *(
            pytest.param(f'{{"{key}": {value}}}', f"a dict with {key!r}", id=key)
            for key, value in {
                "record_mode": '"all"',
                "path": '"elsewhere.yaml"',
                "match_on": '["uri"]',
                "serializer": '"json"',
                "cassette_library_dir": '"elsewhere"',
                "path_transformer": "str",
                "func_path_generator": "str",
                "persister": "object()",
                "decode_compressed_response": "True",
                "allow_playback_repeats": "True",
                "drop_unused_requests": "True",
                "record_on_exception": "False",
                "inject_cassette": "True",
                "additional_matchers": '["headers"]',
                "filter_header": '["Accept"]',
            }.items()
        ),
        pytest.param(
            '{"match_on": [], "path": "", "filter_headers": []}', "a dict with 'match_on', 'path'", id="several"
        ),
        pytest.param('{1: 2, "path": ""}', "a dict with 'path', 1", id="no-name"),
        pytest.param('[("filter_headers", [])]', "a list, not a dict", id="list"),
        pytest.param("None", "a NoneType, not a dict", id="none"),
        pytest.param('"filter_headers"', "a str, not a dict", id="text"),
        *_known(
            [
                pytest.param(
                    '{"skip_patchers": ["request"]}', "a dict with skip_patchers=['request']", id="unknown-patcher"
                )
            ]
        ),
        *(
            pytest.param(f'{{"{key}": []}}', f"a dict with {key!r}", id=f"{key}-here")
            for key in sorted(_SINCE_9 - VCR_OPTIONS)
        ),
    ],
)
def test_what_cannot_be_set_is_reported(downstream: Downstream, config: str, given: str) -> None:
    """A key that is not to be set, or no dict, fails the test before any request, with the keys that can be set."""
    downstream.tests(TESTS.format(config=config, query="", more=""))
    result = downstream.run_live("--hubfiles-record=once")
    result.assert_outcomes(errors=1)
    text = result.stdout.str()
    assert f"hubfiles_vcr_config returned {given}" in text
    for key in VCR_OPTIONS:
        assert key in text
    assert "Traceback" not in text
    assert downstream.asked() == 0
    assert downstream.yaml_files() == []


FAILING = """
import http.client
import aiohttp, httpx, urllib3

def state():
    return [http.client.HTTPConnection.__init__, httpx.HTTPTransport.handle_request, aiohttp.ClientSession._request,
            urllib3.connection.HTTPConnection]

BEFORE = state()

def test_after():
    assert state() == BEFORE
"""


def test_a_load_hook_that_fails_leaves_no_client_patched(downstream: Downstream) -> None:
    """A test whose load hook breaks its recording ends in an error; the next one is none the worse for it."""
    downstream.tests(TESTS.format(config="{}", query="", more=""))
    downstream.record()
    config = '{"after_load_interaction": lambda q, a: (q, {})}'
    downstream.tests(TESTS.format(config=config, query="", more="") + FAILING)
    result = downstream.run()
    result.assert_outcomes(errors=1, passed=1)
