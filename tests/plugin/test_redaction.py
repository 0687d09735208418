"""Failures, logs and reports of a test with credentials are without them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final
from unittest import mock
from xml.etree import ElementTree

import pytest
from helpers.alone import SUBTESTS
from helpers.downstream import STATUS, TASK, Downstream, interaction, polled

from pytest_hubfiles.plugin.redaction import Redaction
from pytest_hubfiles.record.log_filter import RedactedLog
from pytest_hubfiles.secrets import redact, redact_values

SECRET = "CKqz7-rh4s3cr3tv4lue7th4t8is9l0ng"
LOUD = ("--showlocals", "-rA", "--log-level=DEBUG", "-o", "junit_logging=all", "--junitxml=junit.xml")
FAILING = f"""
import os, requests

def send(hubfiles, secret, path="/files/v3/files"):
    headers = {{"X-Our-Token": secret, "X-HubSpot-Signature": "sig-" + secret}}
    return requests.post(f"{{hubfiles.base_url}}{{path}}?hapikey={{secret}}", headers=headers, json={{"token": secret}})

def test_import(hubfiles):
    secret = "".join({list(SECRET)!r})
    answer = send(hubfiles, secret)
    print("the answer to", secret, "was", answer.status_code)
    assert secret == answer.request.url

def test_refused(hubfiles):
    secret = "".join({list(SECRET)!r})
    send(hubfiles, secret, "/never/recorded")
"""


def test_a_failure_is_reported_without_credentials(downstream: Downstream) -> None:
    """Neither local variables nor what was printed and logged shows what was sent, on the terminal and in JUnit XML."""
    downstream.tests(FAILING)
    result = downstream.run_live("--hubfiles-record=all", "--hubfiles-fail-on=never", "-k", "import", *LOUD)
    assert result.parseoutcomes()["failed"] == 1
    text = result.stdout.str()
    assert "secret     = 'SCRUBBED'" in text
    assert "the answer to SCRUBBED was" in text
    assert "hapikey=SCRUBBED" in text
    junit = downstream.path / "junit.xml"
    for said in (text, junit.read_text(encoding="utf-8")):
        assert SECRET not in said
        assert SECRET[:12] not in said
    assert ElementTree.parse(junit).getroot() is not None


def test_a_refused_request_is_reported_without_credentials(downstream: Downstream) -> None:
    """In a replay, too, the frames of the client and ours do not show what was asked with."""
    downstream.tests(FAILING)
    result = downstream.run("-k", "refused", "--full-trace", *LOUD)
    result.assert_outcomes(failed=1, deselected=1)
    text = result.stdout.str()
    assert "POST https://api.hubapi.com/never/recorded" in text
    assert SECRET not in text
    assert SECRET[:12] not in text


def test_a_request_without_an_answer_is_reported_without_credentials(downstream: Downstream) -> None:
    """What was sent is known though nothing came back: what the suite names, too."""
    downstream.ini("hubfiles_scrub = visitor")
    downstream.tests(
        f"import requests\n\ndef test_import(hubfiles):\n    name = ''.join({list(SECRET)!r})\n"
        "    requests.post(f'{hubfiles.base_url}/files/v3/files', json={'visitor': name})\n"
    )
    downstream.sandbox.close()
    result = downstream.run_live("--hubfiles-record=all", *LOUD)
    text = result.stdout.str()
    assert result.parseoutcomes()["failed"] == 1
    assert f"POST {downstream.sandbox.url}/files/v3/files got no answer: connection refused" in text
    assert "name       = 'SCRUBBED'" in text
    assert SECRET not in text
    assert SECRET[:12] not in text


@pytest.mark.parametrize("count", [99, 100, 101])
def test_many_requests_are_reported_without_credentials(downstream: Downstream, count: int) -> None:
    """However many requests of a test were answered, none of the credentials that they carried is shown."""
    downstream.write([polled("PENDING")] * count)
    downstream.tests(
        f"import requests\n\ndef test_import(hubfiles):\n    start = ''.join({list(SECRET[:-4])!r})\n"
        f"    secrets = [f'{{start}}{{n:04}}' for n in range({count})]\n"
        "    for secret in secrets:\n"
        f"        requests.get(hubfiles.base_url + {STATUS!r}, headers={{'X-Our-Token': secret}})\n"
        "    raise ValueError(', '.join(secrets))\n"
    )
    result = downstream.run()
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert f"ValueError: {', '.join(['SCRUBBED'] * count)}" in text
    assert SECRET[:12] not in text


def test_a_failure_without_credentials_stays_as_pytest_tells_it(downstream: Downstream) -> None:
    """Where there is nothing to redact, a failure keeps its form: its summary is that of the assertion."""
    downstream.tests("def test_import(hubfiles):\n    import_a_file(hubfiles)\n    assert 1 == 2\n")
    result = downstream.run_live("--hubfiles-record=once")
    result.stdout.fnmatch_lines(["FAILED test_files.py::test_import - assert 1 == 2"])


@pytest.mark.parametrize("how", ["skip", "xfail", "fail", "exit"])
def test_however_a_test_ends(downstream: Downstream, how: str) -> None:
    """The reason for which a test is skipped, fails or ends the run loses what was sent."""
    downstream.tests(FAILING.replace("assert secret == answer.request.url", f"pytest.{how}('because of ' + secret)"))
    result = downstream.run_live(
        "--hubfiles-record=all", "--hubfiles-fail-on=never", "-k", "import", "-rA", "-p", "no:logging"
    )
    said = [line for line in result.stdout.lines if "because of" in line and not line.strip().startswith(">")]
    assert "INTERNALERROR" not in result.stdout.str()
    assert said
    assert not [line for line in said if SECRET in line]


@pytest.mark.parametrize("options", [(), ("--full-trace", "--showlocals")], ids=["native", "full"])
def test_another_plugin_that_fails(downstream: Downstream, options: tuple[str, ...]) -> None:
    """An internal error tells nothing that the tests have sent, on the terminal and in JUnit XML."""
    downstream.tests(FAILING)
    (downstream.path / "conftest.py").write_text(
        "def pytest_runtest_logreport(report):\n"
        "    if report.failed:\n"
        f"        secret = ''.join({list(SECRET)!r})\n"
        "        raise RuntimeError('seen: ' + secret)\n",
        encoding="utf-8",
    )
    result = downstream.run_live("--hubfiles-record=all", "-k", "import", "--junitxml=junit.xml", *options)
    said = result.stdout.str() + result.stderr.str()
    assert "RuntimeError: seen: SCRUBBED" in said
    assert SECRET not in said + (downstream.path / "junit.xml").read_text(encoding="utf-8")


OF_ANOTHER_PLUGIN: Final = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    with open("seen.txt", "a") as file:
        print(report.longreprtext, report.sections, item._report_sections, file=file)
        print(getattr(report, "wasxfail", ""), file=file)
        print(call.excinfo and call.excinfo.exconly(), file=file)
    report.extras = [{"content": [call.excinfo and item.secret]}]
    return report

@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report):
    with open("told.txt", "a") as file:
        print(getattr(report, "extras", None), report.user_properties, file=file)
"""


ERRORS: Final = """
class Own(Exception):
    def __init__(self, secret):
        self.about = [secret]

    def __str__(self):
        return f"of {self.about}"

class OfObject(Exception):
    def __str__(self):
        return f"of {vars(self.args[0])}"

class Slotted(Exception):
    __slots__ = ("secret",)

    def __init__(self, secret):
        self.secret = secret

    def __str__(self):
        return self.secret

class Read(Exception):
    text = property(lambda self: self.args[0].secret)

    def __str__(self):
        return self.text

def of_object(kind):
    return lambda secret: kind(types.SimpleNamespace(secret=secret))

def behind(secret):
    try:
        raise OfObject(types.SimpleNamespace(secret=secret))
    except OfObject as error:
        raise RuntimeError("before") from error

def grouped(secret):
    grouping = ExceptionGroup if sys.version_info >= (3, 11) else RuntimeError
    return grouping(secret, [KeyError(secret), OfObject(types.SimpleNamespace(secret=secret))])

ERRORS = {
    "assertion": AssertionError, "fail": pytest.fail, "skip": pytest.skip, "xfail": pytest.xfail, "own": Own,
    "of Python": lambda secret: OSError(2, secret, secret), "set": lambda secret: KeyError({secret}),
    "key": lambda secret: ValueError({secret: 1}), "slots": Slotted, "object": of_object(OfObject),
    "property": of_object(Read), "group": grouped, "behind": behind,
    "codec": lambda secret: UnicodeDecodeError("ascii", secret.encode(), 0, 1, secret),
    "syntax": lambda secret: SyntaxError("at", ("file", 1, 1, secret)),
}

@pytest.mark.parametrize("fail", ERRORS)
def test_import(hubfiles, request, fail):
    request.node.secret = ""
    raise ERRORS[fail]("".join(SECRET))
"""


def test_errors_that_other_plugins_read(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an error keeps what it says in, a plugin that asks it gets it without credentials."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", SECRET)
    (downstream.path / "conftest.py").write_text(OF_ANOTHER_PLUGIN, encoding="utf-8")
    downstream.tests(f"import sys\nimport types\n\nSECRET = {list(SECRET)!r}\n{ERRORS}")

    downstream.run("--junitxml=junit.xml")

    seen = (downstream.path / "seen.txt").read_text(encoding="utf-8")
    assert seen.count("SCRUBBED") >= 15
    assert SECRET not in seen + (downstream.path / "junit.xml").read_text(encoding="utf-8")


def test_what_other_plugins_read_and_add(downstream: Downstream) -> None:
    """Allure and pytest-json-report read reports as they are made, errors and what was captured; others add to them."""
    (downstream.path / "conftest.py").write_text(OF_ANOTHER_PLUGIN, encoding="utf-8")
    downstream.tests(
        f"""
import types

import requests

def test_import(hubfiles, request, record_property):
    request.node.secret = secret = "".join({list(SECRET)!r})
    requests.get(hubfiles.base_url + {STATUS!r}, headers={{"Authorization": "Bearer " + secret}})
    record_property("token", secret)
    record_property("by token", {{secret: {{secret}}}})
    record_property("object", types.SimpleNamespace(secret=secret))
    print("used", secret)
    assert secret == ""
"""
    )
    downstream.write([polled("PENDING")])

    downstream.run().assert_outcomes(failed=1)

    seen, told = ((downstream.path / name).read_text(encoding="utf-8") for name in ("seen.txt", "told.txt"))
    assert SECRET not in seen + told
    assert "AssertionError: assert 'SCRUBBED" in seen
    assert seen.count("used SCRUBBED") >= 2
    assert "[{'content': ['SCRUBBED']}]" in told
    assert "('token', 'SCRUBBED')" in told
    assert "('by token', {'SCRUBBED': {'SCRUBBED'}})" in told
    assert "('object', \"namespace(secret='SCRUBBED')\")" in told


ODD: Final = f"""
import requests

def test_section(hubfiles, request):
    requests.get(hubfiles.base_url + {STATUS!r})
    request.node.add_report_section("call", "bytes", b"as they are")
    request.node.user_properties += [{{"no": 1, "pair": 2, "at": 3}}, "text", ("a", "b", "c")]

def test_subtests(hubfiles, subtests):
    requests.get(hubfiles.base_url + {STATUS!r})
    with subtests.test(5, case=b"six"):
        pass

def test_failing(hubfiles, subtests):
    requests.get(hubfiles.base_url + {STATUS!r})
    with subtests.test("one", number=1, text="a b"):
        assert 0
"""


def test_what_is_no_text(downstream: Downstream) -> None:
    """A section, or the name of a subtest, may be anything: the tests are as green as without this plugin."""
    for test in ("test_section", "test_subtests", "test_failing"):
        downstream.write([polled("PENDING")], downstream.cassette(test))
    downstream.tests(ODD)

    downstream.run(*SUBTESTS, "-k", "not failing").assert_outcomes(passed=2)
    failing = downstream.run(*SUBTESTS, "-k", "failing").stdout.str()
    assert "number=1" in failing or "number='1'" not in failing
    assert "'a b'" in failing
    assert "\"'a b'\"" not in failing


NAMED: Final = f"""
def test_subtests(hubfiles, subtests):
    secret = "".join({list(SECRET)!r})
    requests.get(hubfiles.base_url + {STATUS!r}, headers={{"Authorization": "Bearer " + secret}})
    with subtests.test(f"as {{secret}}", token=secret, number=5):
        pass
    with subtests.test(f"skipping {{secret}}", token=secret):
        pytest.skip("no")
"""


def test_the_name_of_a_subtest(downstream: Downstream) -> None:
    """A subtest is named whether it fails or not, and while its test goes on."""
    downstream.write([polled("PENDING")], downstream.cassette("test_subtests"))
    downstream.tests("import requests\n" + NAMED)

    told = downstream.run("-vv", "-rA", *SUBTESTS, "--junitxml=junit.xml").stdout.str()

    assert "[as SCRUBBED] (token='SCRUBBED', number=5)" in told
    assert SECRET not in told + (downstream.path / "junit.xml").read_text(encoding="utf-8")


DEEP: Final = """
import sys

@pytest.mark.skipif(sys.version_info < (3, 11), reason="no groups")
def test_import(hubfiles):
    error = ValueError("".join(SECRET))
    for _ in range(15):
        error = ExceptionGroup("tasks", [error])
    raise error
"""


def test_an_error_deep_in_groups(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """The short summary tells an error that stands too deep in groups for the traceback to show it."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", SECRET)
    monkeypatch.setenv("COLUMNS", "300")
    downstream.tests(f"SECRET = {list(SECRET)!r}\n{DEEP}")

    result = downstream.run("--junitxml=junit.xml")

    assert SECRET not in result.stdout.str() + (downstream.path / "junit.xml").read_text(encoding="utf-8")


SHARED: Final = """
import functools, types

SECRET = "".join(SECRET)
BY_CODE = {}

class Coded(Exception):
    code = None

    def __init_subclass__(cls):
        BY_CODE[cls.code] = cls

    def __str__(self):
        return f"{self.code}: {vars(self.args[0])}"

class Conflict(Coded):
    code = 409

REFUSED = RuntimeError("no " + SECRET)
ERROR = Conflict(types.SimpleNamespace(secret=SECRET))

@pytest.mark.xfail(raises=Conflict, strict=True)
def test_expected(hubfiles):
    raise ERROR

def test_of_a_module(hubfiles):
    raise REFUSED

def test_causes(hubfiles):
    error = functools.reduce(lambda cause, _: caused_by(cause), range(1200), ERROR)
    raise KeyError("the last") from error

def caused_by(cause):
    error = ValueError("because")
    error.__cause__ = cause
    return error

def test_after():
    assert BY_CODE == {409: Conflict}
    assert Conflict.__subclasses__() == []
    assert ERROR.args[0].secret in str(ERROR)
    with pytest.raises(RuntimeError, match=SECRET):
        raise REFUSED
"""


def test_errors_stay_what_they_are(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error may be a module's, of which other tests expect something, and its class may be known by others."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", SECRET)
    downstream.tests(f"SECRET = {list(SECRET)!r}\n{SHARED}")

    result = downstream.run()

    result.assert_outcomes(xfailed=1, failed=2, passed=1)
    result.stdout.fnmatch_lines(["*RuntimeError: no SCRUBBED", "*KeyError: 'the last'"])
    assert "itself failed" not in result.stdout.str()
    assert SECRET not in result.stdout.str()


ODD_ERRORS: Final = """
class None_(Exception):
    args = None

class Raising(Exception):
    @property
    def args(self):
        raise ZeroDivisionError

class ReadOnly(Exception):
    args = property(lambda self: ("{secret}",))

class Fields(Exception):
    def __init__(self):
        super().__init__("first", ["{secret}"], 3)

class NoGroup(Exception):
    exceptions = None

class Strict(Exception):
    def __getattr__(self, name):
        return None if name.startswith("__") else {{}}[name]

@pytest.mark.parametrize("error", [None_, Raising, ReadOnly, Fields, NoGroup, Strict])
def test_import(hubfiles, error):
    raise error()
"""


def test_errors_with_arguments_of_their_own(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error may have other arguments than Python's own, or none that can be set: it is told as it is."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", SECRET)
    downstream.tests(ODD_ERRORS.format(secret=SECRET))

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=6)
    said = result.stdout.str()
    assert "itself failed" not in said
    assert SECRET not in said
    for name in ("None_", "Raising", "ReadOnly", "Fields", "NoGroup", "Strict"):
        result.stdout.fnmatch_lines([f"FAILED *test_import[[]{name}] - *{name}*"])


def test_a_fault_of_the_redaction_fails_its_test_alone(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this plugin cannot look through a report it shows nothing of it, says so, and the others run on."""
    downstream.write([polled("PENDING")])
    downstream.tests(
        f"""
import requests

def test_import(hubfiles):
    requests.get(hubfiles.base_url + {STATUS!r})
    print("never seen")
    assert hubfiles is None

def test_other(hubfiles_base_url):
    pass
"""
    )

    def failing(redaction: Redaction, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if item.name == "test_import" and call.when == "call":
            raise ZeroDivisionError

    monkeypatch.setattr(Redaction, "redact_sources", failing)
    result = downstream.run()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*itself failed while taking credentials out of the report: ZeroDivisionError*"])
    result.stdout.no_fnmatch_line("*never seen*")


LOGGING = """
import logging, logging.handlers, queue
import requests

FILE = "run.log"
ROOT = logging.getLogger()

class Prefixed(logging.Formatter):
    prefix = "> "

class Appending(logging.Handler):
    def emit(self, record):
        with open(FILE, "a") as file:
            file.write(self.formatter.prefix + self.formatter.format(record) + "\\n")

@pytest.fixture
def handler():
    yield (handler := logging.FileHandler(FILE))
    ROOT.removeHandler(handler)
    handler.close()

@pytest.fixture
def early(handler):
    ROOT.addHandler(handler)

@pytest.fixture
def late(hubfiles, handler):
    ROOT.addHandler(handler)

@pytest.fixture
def formatted(early, hubfiles, handler):
    handler.setFormatter(Prefixed("late %(message)s"))
    yield
    assert isinstance(handler.formatter, Prefixed)

@pytest.fixture(scope="module")
def queued():
    records = queue.Queue()
    handler, target = logging.handlers.QueueHandler(records), logging.FileHandler(FILE)
    listener = logging.handlers.QueueListener(records, target)
    listener.start()
    ROOT.addHandler(handler)
    yield
    ROOT.removeHandler(handler)
    listener.stop()
    target.close()

@pytest.fixture(scope="module")
def appending():
    handler = Appending()
    handler.setFormatter(Prefixed())
    ROOT.addHandler(handler)
    yield
    ROOT.removeHandler(handler)

@pytest.fixture
def opened(hubfiles):
    with open(FILE, "w") as file:
        ROOT.addHandler(handler := logging.StreamHandler(file))
        yield
        ROOT.removeHandler(handler)

@pytest.fixture
def counting(handler):
    handler.records = 0  # no list of them, to be looked at
    ROOT.addHandler(handler)

@pytest.mark.usefixtures("{fixture}")
def test_import(hubfiles, caplog):
    secret = "".join({secret})
    requests.get(hubfiles.base_url + {url!r}, headers={{"Authorization": "Bearer " + secret}})
    logging.getLogger("uploader").error("sent %s", secret)
    assert secret in caplog.text
"""
LOGGED: Final = {
    # how a test logs: the fixture that sees to it, and options
    "log_file": ("hubfiles", "-o", "log_file=run.log"),
    "log_cli": ("hubfiles", "-o", "log_cli=true"),
    "a handler from before": ("early",),
    "a handler that comes late": ("late",),
    "a formatter that comes late": ("formatted",),
    "a queue": ("queued",),
    "a handler of another class": ("appending",),
    "a file that is open": ("opened",),
    "a handler with records": ("counting",),
}


@pytest.mark.parametrize("how", LOGGED)
@pytest.mark.parametrize("mode", ["none", "all"])
def test_what_a_test_logs(downstream: Downstream, how: str, mode: str) -> None:
    """Nothing that a test logs to gets what it has sent; ``caplog`` gets what was logged, and handlers stay theirs."""
    fixture, *options = LOGGED[how]
    downstream.write([polled("PENDING")])
    downstream.tests(LOGGING.format(fixture=fixture, secret=list(SECRET), url=STATUS))

    result = downstream.run_live(f"--hubfiles-record={mode}", "--hubfiles-accept", *options)

    assert result.ret == 0, result.stdout.str()
    written = result.stdout.str()
    if how != "log_cli":
        written = (downstream.path / "run.log").read_text(encoding="utf-8")
    assert "sent SCRUBBED" in written
    assert SECRET not in written + result.stdout.str()


FILTERED = """
import logging
import requests

class Shortening(logging.Filter):
    def filter(self, record):
        record.msg, record.args = "%s %s", (record.args[4], record.args[5])  # method and URL
        return True

@pytest.fixture(scope="module")
def shortened():
    logger, shortening = logging.getLogger("urllib3.connectionpool"), Shortening()
    logger.addFilter(shortening)
    yield
    logger.removeFilter(shortening)

def test_before(hubfiles):
    import_a_file(hubfiles)

def test_import(shortened, hubfiles, caplog):
    caplog.set_level("DEBUG")
    pool = requests.packages.urllib3.connectionpool
    url = "/x?hapikey=11111111-2222-4333-8444-555555555555"
    pool.log.debug("%s://%s:%s %s %s %s", "https", "h", 443, "", "GET", url)
    assert caplog.messages == ["GET /x?hapikey=00000000-0000-4000-8000-000000000000"]
"""


def test_filters_of_the_suite(downstream: Downstream) -> None:
    """A filter that a test has put on a client's logger sees the records as they were logged, whatever ran before."""
    downstream.tests(FILTERED)
    downstream.record()
    downstream.run("-k", "test_import").assert_outcomes(passed=1, deselected=1)
    downstream.run().assert_outcomes(passed=2)


LOOKED_AT = f"""
import logging
import unittest
import requests

class Listing(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))

@pytest.fixture
def listing():
    logging.getLogger().addHandler(handler := Listing())
    yield handler
    logging.getLogger().removeHandler(handler)

def send(hubfiles):
    secret = "".join({list(SECRET)!r})
    requests.get(hubfiles.base_url + {STATUS!r}, headers={{"Authorization": "Bearer " + secret}})
    return secret

def test_import(hubfiles, capsys):
    secret, root = send(hubfiles), logging.getLogger()
    handlers = Listing(), logging.StreamHandler()
    for handler in handlers:
        root.addHandler(handler)
    root.error("sent %s", secret)
    for handler in handlers:
        root.removeHandler(handler)
    assert handlers[0].lines == [f"sent {{secret}}"]
    assert capsys.readouterr().err == f"sent {{secret}}\\n"

def test_fixture(listing, hubfiles):
    secret = send(hubfiles)
    logging.error("sent %s", secret)
    assert listing.lines == [f"sent {{secret}}"]

@pytest.fixture(scope="module")
def asked_late():
    pass

def test_asking(hubfiles, request):
    secret = send(hubfiles)
    logging.getLogger().addHandler(handler := Listing())
    request.getfixturevalue("asked_late")
    logging.error("sent %s", secret)
    logging.getLogger().removeHandler(handler)
    assert handler.lines == [f"sent {{secret}}"]

class TestUnittest(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _sent(self, hubfiles):
        self.secret = send(hubfiles)

    def test_import(self):
        with self.assertLogs() as seen:
            logging.getLogger().error("sent %s", self.secret)
        assert seen.output == [f"ERROR:root:sent {{self.secret}}"]
"""


def test_what_a_test_looks_at_itself(downstream: Downstream) -> None:
    """What a test logs to handlers of its own, to see what is logged, is there as it was logged."""
    for test in ("test_import", "test_fixture", "test_asking", "TestUnittest.test_import"):
        downstream.write([polled("PENDING")], downstream.cassette(test))
    downstream.tests(LOOKED_AT)
    downstream.run("--hubfiles-fail-on=never").assert_outcomes(passed=4)


@pytest.fixture
def handled() -> Iterator[Callable[[logging.Handler, logging.LogRecord], None]]:
    """Have a handler of the root logger, of the suite's own, get a record whose credential is ``seen``."""
    added: list[logging.Handler] = []

    def handle(handler: logging.Handler, record: logging.LogRecord) -> None:
        logging.root.addHandler(handler)
        added.append(handler)
        with RedactedLog(lambda: None, lambda text: text.replace("seen", "SCRUBBED")):
            handler.handle(record)

    yield handle
    for handler in added:
        logging.root.removeHandler(handler)


class _Structured(logging.Handler):
    """Hands on what it is given, and what a formatter makes of it, as handlers for services do."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.sent: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.sent.append((self.format(record), record.msg, vars(record).get("headers"), record.exc_info))


class _AsDict(logging.Formatter):
    def format(self, record: logging.LogRecord) -> Any:
        return {"said": record.getMessage(), "more": [vars(record).get("headers")]}


def test_what_is_logged_as_data_stays_data(handled: Callable[[logging.Handler, logging.LogRecord], None]) -> None:
    """Structlog logs a dict, python-json-logger adds what ``extra`` has, and fluent's formatter returns a dict."""
    handler, headers = _Structured(_AsDict()), {"Authorization": ["Bearer seen"], "size": 3}
    record = logging.makeLogRecord({"msg": {"event": "sent", "auth": "seen"}, "headers": headers})

    handled(handler, record)

    redacted = {"Authorization": ["Bearer SCRUBBED"], "size": 3}
    [(formatted, message, extra, _)] = handler.sent
    assert formatted == {"said": "{'event': 'sent', 'auth': 'SCRUBBED'}", "more": [redacted]}
    assert (message, extra) == ({"event": "sent", "auth": "SCRUBBED"}, redacted)
    assert record.msg == {"event": "sent", "auth": "seen"}
    assert headers["Authorization"] == ["Bearer seen"]


def test_no_mock_of_a_test_is_asked_where_a_handler_writes(
    handled: Callable[[logging.Handler, logging.LogRecord], None],
) -> None:
    """A test may count how often its mocks of ``os.stat`` and ``Path.is_file`` are called."""
    with mock.patch("os.stat") as stat, mock.patch("pathlib.Path.is_file") as is_file:
        handled(logging.StreamHandler(), logging.makeLogRecord({"msg": "said"}))
    assert stat.mock_calls == is_file.mock_calls == []


@pytest.mark.parametrize("name", ["hidden", "told"])
def test_a_handler_that_shows_local_variables(
    handled: Callable[[logging.Handler, logging.LogRecord], None], name: str
) -> None:
    """Rich and loguru print those of a traceback: where they hold a credential, they get the plain one as a text."""

    def fail() -> None:
        token = "".join("seen") if name == "hidden" else "none"
        raise ValueError(len(token))

    handler = _Structured(logging.Formatter("%(message)s"))
    try:
        fail()
    except ValueError:
        handled(handler, logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()}))

    [(formatted, _, _, error)] = handler.sent
    assert formatted.startswith("failed\nTraceback (most recent call last):")
    assert formatted.endswith("ValueError: 4")
    assert (error is None) == (name == "hidden")


def test_what_somebody_puts_back_of_a_redacted_log_does_nothing_and_goes_again() -> None:
    """A fixture of a class may save the method of a handler while a test runs, and put it back after that."""
    untouched, handler = logging.Handler.format, logging.StreamHandler()
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "seen", None, None)
    logging.root.addHandler(handler)
    try:
        log = RedactedLog(lambda: None, str.upper)
        with log:
            assert handler.format(record) == "SEEN"
            saved = logging.Handler.format
        logging.Handler.format = saved  # type: ignore[method-assign]
        assert handler.format(record) == "seen"
        with log:
            assert handler.format(record) == "SEEN"
        assert logging.Handler.format is untouched
    finally:
        logging.root.removeHandler(handler)
        logging.Handler.format = untouched  # type: ignore[method-assign]


SCRUBBED_KEY = "00000000-0000-4000-8000-000000000000"
LATE = f"""
import logging
import sys
import urllib.request

QUERY = "?hapikey=11111111-2222-4333-8444-555555555555"

def ask_twice(hubfiles):
    for _ in range(2):
        urllib.request.urlopen(hubfiles.base_url + {STATUS!r} + QUERY).close()

def test_imported_late(hubfiles, caplog):
    caplog.set_level("DEBUG")
    assert not {{"httpx", "vcr"}} & set(sys.modules)
    assert not {{"httpx", "vcr.cassette"}} & set(logging.root.manager.loggerDict)
    import httpx
    with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200))) as client:
        client.get("https://example.com/x" + QUERY)
    assert caplog.records[0].name == "httpx"
    ask_twice(hubfiles)
    assert "11111111-2222" not in caplog.text

def test_taken_over_by_vcrpy(hubfiles, caplog):
    caplog.set_level("DEBUG")
    ask_twice(hubfiles)
    assert "vcr.cassette" in logging.root.manager.loggerDict
    assert "11111111-2222" not in caplog.text
"""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="vcrpy answers from the start, and has imported all")
def test_loggers_that_come_late(downstream: Downstream) -> None:
    """What is not imported has no loggers yet; those that come with it while a test runs tell no more than others."""
    for name in ("imported_late", "taken_over_by_vcrpy"):
        asked = interaction("GET", f"{STATUS}?hapikey={SCRUBBED_KEY}", 200, {"status": "PENDING", "taskId": TASK})
        downstream.write([asked, asked], downstream.cassette(f"test_{name}"))
    downstream.tests(LATE)
    result = downstream.pytester.runpytest_subprocess("--hubfiles-fail-on=never")
    result.assert_outcomes(passed=2)


def test_vcrpys_log_is_silent_while_it_loads_a_cassette(downstream: Downstream) -> None:
    """Where the suite configures vcrpy, that loads the cassette itself when a test begins, and logs of it no more."""
    downstream.write([polled("PENDING")])
    downstream.tests(
        f"""
@pytest.fixture(scope="session")
def hubfiles_vcr_config():
    return {{"ignore_hosts": ["db.example.com"]}}

def test_import(hubfiles, caplog):
    assert hubfiles.import_status({TASK!r}).task_status == "PENDING"
    assert [record for record in caplog.get_records("setup") if record.name.startswith("vcr")] == []
"""
    )
    downstream.run("--log-level=DEBUG", "--hubfiles-fail-on=never").assert_outcomes(passed=1)


def test_vcrpys_log_is_silent_while_a_test_records(downstream: Downstream) -> None:
    """It logs whole answers; after the test its log is as it was."""
    downstream.tests(
        """
import logging

def test_import(hubfiles, caplog):
    caplog.set_level(logging.DEBUG)
    import_a_file(hubfiles)
    assert [r for r in caplog.records if r.name.startswith("vcr")] == []

def test_after(caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("vcr.cassette").info("heard")
    logging.getLogger("httpx").info("https://x.net/?token=abcdefgh1")
    assert [r.getMessage() for r in caplog.records] == ["heard", "https://x.net/?token=abcdefgh1"]
"""
    )
    result = downstream.run_live("--hubfiles-record=once")
    assert result.ret == 0, result.stdout.str()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"sent {SECRET}!", "sent SCRUBBED!"),
        (f"'Bearer {SECRET[:15]}...'", "'Bearer SCRUBBED...'"),
        (f"'Bea...{SECRET[-9:]}'", "'Bea...SCRUBBED'"),
        (f"{SECRET[:9]}...{SECRET[-9:]}", "SCRUBBED...SCRUBBED"),
        ("CKqz... is another", "CKqz... is another"),
        ("...", "..."),
    ],
)
def test_pieces_that_a_shortened_value_leaves(text: str, kept: str) -> None:
    """Where pytest cut a long value in its middle, its beginning and its end go as well."""
    assert redact_values(text, [SECRET]) == kept


def test_log_lines() -> None:
    """A client's log line loses what its URL holds, though no request has shown it yet."""
    line = 'http://127.0.0.1:1 "GET /oauth/v1/access-tokens/abc1defg?hapikey=secret12&limit=1 HTTP/1.1" 200 7'
    assert redact(line) == (
        'http://127.0.0.1:1 "GET /oauth/v1/access-tokens/SCRUBBED?hapikey=SCRUBBED&limit=1 HTTP/1.1" 200 7'
    )


def test_what_stands_for_a_token_in_a_replay_is_none(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token a replay sends a word in its place, which stands in names of tests and in messages of ours."""
    monkeypatch.delenv("HUBSPOT_ACCESS_TOKEN")
    downstream.write([polled("PENDING")], downstream.cassette("test_replayed", "test_replayed"))
    downstream.tests(
        f"""
import requests

def test_replayed(hubfiles, hubfiles_token):
    headers = {{"Authorization": f"Bearer {{hubfiles_token}}"}}
    assert requests.get(hubfiles.base_url + {STATUS!r}, headers=headers).status_code == 201
""",
        "test_replayed",
    )

    result = downstream.run("--hubfiles-change=import-status success-status-changed 201")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*replayed with a change that HubSpot has not made: *"])
    result = downstream.run("-rA")

    result.stdout.fnmatch_lines(["*test_replayed/test_replayed.yaml*", "FAILED test_replayed.py::test_replayed*"])
    assert "SCRUBBED" not in result.stdout.str()
