"""The pytest plugin: options, one item per check, the gate's decision and exit code.

A test module declares a gate's checks in one line: `checks = template_checks()`, or `checks = deployed_checks()`.
"""

from __future__ import annotations

import functools
import gc
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stackproof.errors import MisuseError
from stackproof.plugin import fixtures
from stackproof.plugin.fixtures import add_browser_options
from stackproof.plugin.flows import CAUSE, UnansweredError, expected_findings, gates_of, of_another_system, run_flow
from stackproof.plugin.items import CheckItem, Checks, ChecksCollector, run_item
from stackproof.plugin.options import MARKERS, add_options, given_options, refuse_misread_paths
from stackproof.plugin.selection import left_aside
from stackproof.plugin.session import EXPECTED, MISUSE, SESSION, Session

_WIDE = 140  # columns of a log

__all__ = ["deployed_checks", "template_checks"]


def template_checks() -> Checks:
    """Declare that this module holds the checks of the system's templates: controls, expectations and scanners."""
    return Checks("unit")


def deployed_checks() -> Checks:
    """Declare that this module holds the checks of what is deployed: the same controls, drift, and probes."""
    return Checks("integration")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    add_options(parser)
    add_browser_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the gates' markers and put JUnit's file beside the other reports."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    refuse_misread_paths(config)
    owner = int(getattr(config, "workerinput", {}).get("stackproof_owner", os.getpid()))
    selection = str(config.getoption("markexpr", ""))
    aside = functools.partial(left_aside, config)
    run = Session(given_options(config), _session_id(config), selection, owner, aside)
    config.stash[SESSION] = run
    config.pluginmanager.register(
        fixtures, "stackproof-fixtures"
    )  # last, so that another plugin's `page` is not in its way
    if not hasattr(config, "workerinput") and run.asked:
        if config.getoption("xmlpath", None) is None:
            config.option.xmlpath = str(run.junit)
        if not config.option.collectonly and not config.option.help:
            _as_usage_error(run.begin)
        _as_usage_error(run.check_options)


def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> pytest.Collector | None:
    """Collect what `template_checks()` and `deployed_checks()` declare."""
    if not isinstance(obj, Checks):
        return None
    made: pytest.Collector = ChecksCollector.from_parent(collector, name=name, checks=obj)
    return made


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Count what must be answered before anything is deselected; report a mistake that collecting brought to light."""
    session = config.stash[SESSION]
    try:
        items[:] = [item for item in items if not of_another_system(item, session)]
        for item in items:
            for gate in gates_of(item, session):
                for finding in expected_findings(item, session):
                    session.gate(gate).expect(finding)
    except MisuseError as error:
        session.misuse = session.misuse or str(error)
    if hasattr(config, "workerinput"):
        config.workeroutput[EXPECTED] = session.expected()  # type: ignore[attr-defined]
        config.workeroutput[MISUSE] = session.misuse  # type: ignore[attr-defined]
        items[:] = [] if session.misuse else items
    elif session.misuse:
        raise pytest.UsageError(session.misuse)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Report a check, which was judged before, or run a test that is one."""
    if isinstance(item, CheckItem):
        run_item(item)
        return True
    session = item.config.stash[SESSION]
    gates = gates_of(item, session)
    if gates:
        run_flow(item, nextitem, gates, session)
    return bool(gates) or None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Iterator[None]:
    """Keep the cause of a test that ended without a verdict."""
    report: Any = yield
    value = call.excinfo.value if call.excinfo else None
    if isinstance(value, UnansweredError):
        report.user_properties.append((CAUSE, [value.cause.value, value.detail]))
    return report  # type: ignore[no-any-return]


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """Name a check's outcome in our words: an unknown is neither passed nor failed."""
    shown: tuple[str, str, str] | None = dict(getattr(report, "user_properties", ())).get("status")
    return tuple(shown) if shown else None  # type: ignore[return-value]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Listen to the reports of this session."""
    session.config.pluginmanager.register(session.config.stash[SESSION], "stackproof-run")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    """Decide the gates, write their files, and set the exit code."""
    with _written_whole(session.config):
        yield
    if not hasattr(session.config, "workerinput"):
        run = session.config.stash[SESSION]
        run.embedded.end()
        session.exitstatus = _as_usage_error(lambda: run.finish(session.testsfailed, int(exitstatus)))
    gc.freeze()  # pytest now looks for garbage several times; thousands of findings are none, and looking takes long


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the verdict of each environment."""
    height = shutil.get_terminal_size().lines if terminalreporter.isatty else 0
    wide = not terminalreporter.isatty and "COLUMNS" not in os.environ  # a pipeline's log has no width
    width = _WIDE if wide else terminalreporter._tw.fullwidth
    for line in config.stash[SESSION].lines(colour=terminalreporter.hasmarkup, width=width, height=height):
        terminalreporter.write_line(line)


def _session_id(config: pytest.Config) -> str:
    """Name the run, the same in xdist's controller and workers; empty where there is one process."""
    if hasattr(config, "workerinput"):
        return str(config.workerinput["testrunuid"])
    if not getattr(config.option, "tx", None):
        return ""
    config.option.testrunuid = config.option.testrunuid or uuid.uuid4().hex
    return str(config.option.testrunuid)


@contextmanager
def _written_whole(config: pytest.Config) -> Iterator[None]:
    """Let pytest write its JUnit file beside the final place and move it there, so that nobody reads half of it."""
    from _pytest.junitxml import xml_key  # pytest has no public way to its writer

    junit = config.stash.get(xml_key, None)
    if junit is None:
        yield
        return
    place = junit.logfile
    junit.logfile = f"{place}.{os.getpid()}"
    try:
        yield
        Path(junit.logfile).replace(place)
    finally:
        junit.logfile = place


def _as_usage_error(call: Any) -> Any:
    try:
        return call()
    except MisuseError as error:
        raise pytest.UsageError(str(error)) from error
