"""The pytest plugin: what every run loads, and no more of it. PYTEST_DONT_REWRITE.

The rest is imported and registered with the first setting that is given, or with the first test that uses the
fixture ``hubfiles``. Otherwise every run would pay for it: 1.043 of pytest's own instructions in place of 1.009.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator, Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_hubfiles.settings.table import MARKER_ARGUMENTS, SETTINGS

if TYPE_CHECKING:
    from pytest_hubfiles.fixture import HubFiles
    from pytest_hubfiles.plugin.run_settings import Run
    from pytest_hubfiles.sandbox import Sandbox

# --- options --------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add every setting to the command line and to the ini file."""
    group = parser.getgroup("hubfiles", "record, replay and contract-test HubSpot's Files endpoints")
    for setting in SETTINGS:
        if setting.flag is not None and setting.metavar is None:
            group.addoption(setting.flag, action="store_true", default=None, help=setting.help)
        elif setting.flag is not None:
            action = "append" if setting.repeatable else "store"
            group.addoption(setting.flag, action=action, default=None, metavar=setting.metavar, help=setting.help)
        if setting.ini is not None and setting.repeatable:
            parser.addini(setting.ini, setting.help, type="linelist", default=[])
        elif setting.ini is not None:
            parser.addini(setting.ini, setting.help, type="string", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Check every setting before anything runs, if there is one."""
    config.addinivalue_line(
        "markers",
        f"hubfiles({', '.join(f'{name}=' for name in MARKER_ARGUMENTS)}): how the fixture hubfiles "
        "records, replays and judges this test.",
    )
    if "activation" in vars(sys.modules[__package__]) and f"{__package__}.activation" not in sys.modules:
        _drop_stale_submodules()
    if hasattr(config, "workerinput") or any(
        (setting.flag and config.getoption(setting.flag) is not None) or (setting.ini and config.getini(setting.ini))
        for setting in SETTINGS
    ):
        _begin(config)


def _drop_stale_submodules() -> None:
    """Drop stale submodules so that pytester's next in-process run imports them afresh.

    Pytester removes them from ``sys.modules``, yet each stays an attribute of its package, where
    ``from package import module`` would find it.
    """
    for name, package in list(sys.modules.items()):
        if name.startswith("pytest_hubfiles"):
            for attribute, value in list(vars(package).items()):
                is_its_own = isinstance(value, ModuleType) and value.__name__ == f"{name}.{attribute}"
                if is_its_own and value.__name__ not in sys.modules:
                    delattr(package, attribute)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker which run it belongs to."""
    from pytest_hubfiles.plugin.run_settings import ADDOPTS, RUN_ID

    run = _begin(node.config)
    node.workerinput[RUN_ID], node.workerinput[ADDOPTS] = run.id, run.records_by_addopts


def _begin(config: pytest.Config) -> Run:
    from pytest_hubfiles.plugin.activation import begin_before_tests

    return begin_before_tests(config)


# --- versions ----------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses the fixture once for each version asked for; a single one adds no id."""
    if "hubfiles" in metafunc.fixturenames:
        from pytest_hubfiles.plugin.setup import parametrize

        parametrize(metafunc)


# --- fixtures ----------------------------------------------------------------------------------------------


@pytest.fixture
def hubfiles_token(request: pytest.FixtureRequest) -> str | None:
    """The access token: HUBSPOT_ACCESS_TOKEN, unless a suite overrides this.

    Without that, it is "replayed" in a test that is replayed, and None in one that may record. A replay asks for it
    only where the test does, so an override may fetch it from where only some can.
    """
    token = os.environ.get("HUBSPOT_ACCESS_TOKEN") or None
    if token is None and "hubfiles" in request.fixturenames:
        from pytest_hubfiles.plugin.setup import is_replayed

        return "replayed" if is_replayed(request) else None
    return token


@pytest.fixture(scope="session")
def hubfiles_vcr_config() -> Mapping[str, Any]:
    """More vcrpy configuration, such as ``filter_headers``; it can add scrubbing, never remove it."""
    return MappingProxyType({})


@pytest.fixture(scope="session")
def hubfiles_base_url(request: pytest.FixtureRequest) -> str:
    """The base URL of the run, for a client that a suite builds once; it needs no version and no cassette."""
    from pytest_hubfiles.plugin.setup import base_url_of

    return base_url_of(request.config)


@pytest.fixture
def hubfiles_sandbox() -> Iterator[Sandbox]:
    """A fake server of HubSpot's endpoints on 127.0.0.1, for one test."""
    from pytest_hubfiles.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


_here: Final = threading.local()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """Have the request at hand for the fixture ``hubfiles``: for one that asks, pytest inspects a signature thrice."""
    before = getattr(_here, "request", None)
    _here.request = request
    try:
        return (yield)
    finally:
        _here.request = before


@pytest.fixture
def hubfiles(hubfiles_vcr_config: Mapping[str, Any]) -> Iterator[HubFiles]:
    """Record or replay all HTTP of this test, judge every answer, and offer calls to HubSpot's Files tasks."""
    from pytest_hubfiles.plugin.setup import recorded_or_replayed

    yield from recorded_or_replayed(_here.request, hubfiles_vcr_config)
