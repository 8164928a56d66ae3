"""The pytest plugin: options, one item per check, the gate's decision and exit code.

A test module declares a gate's checks in one line: `checks = template_checks()`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stackproof.errors import MisuseError
from stackproof.plugin.items import CheckItem, Checks, ChecksCollector, run_item
from stackproof.plugin.options import GATES, MARKERS, add_options, given_options, refuse_misread_paths
from stackproof.plugin.session import RUN, GateRun

__all__ = ["template_checks"]


def template_checks() -> Checks:
    """Declare that this module holds the checks of the system's templates: controls, expectations and scanners."""
    return Checks("unit")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the gates' markers and put JUnit's file beside the other reports."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    refuse_misread_paths(config)
    options = given_options(config)
    config.stash[RUN] = GateRun(options)
    selected = str(config.getoption("markexpr", ""))
    if any(gate in selected for gate in GATES) and not hasattr(config, "workerinput"):
        if config.getoption("xmlpath", None) is None:
            config.option.xmlpath = str(Path(options.reports) / "junit.xml")
        _as_usage_error(config.stash[RUN].check_options)


def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> pytest.Collector | None:
    """Collect what `template_checks()` declares."""
    if not isinstance(obj, Checks):
        return None
    made: pytest.Collector = ChecksCollector.from_parent(collector, name=name, checks=obj)
    return made


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """Report a mistake in system.yaml or its files that collecting the checks brought to light."""
    if (error := config.stash[RUN].misuse) is not None:
        raise pytest.UsageError(str(error))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Report a check: it was judged before, so there is nothing to set up, call or tear down."""
    if not isinstance(item, CheckItem):
        return None
    run_item(item)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """Name a check's outcome in our words: an unknown is neither passed nor failed."""
    shown: tuple[str, str, str] | None = dict(getattr(report, "user_properties", ())).get("status")
    return tuple(shown) if shown else None  # type: ignore[return-value]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Pass the report on to the session (see `Recorder`)."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Listen to the reports of this session."""
    session.config.pluginmanager.register(session.config.stash[RUN], "stackproof-run")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Decide the gate, write its file, and set the exit code."""
    if not hasattr(session.config, "workerinput"):
        run = session.config.stash[RUN]
        session.exitstatus = _as_usage_error(lambda: run.finish(session.testsfailed, int(exitstatus)))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the verdict of each environment."""
    for line in config.stash[RUN].lines(colour=terminalreporter.hasmarkup, width=terminalreporter._tw.fullwidth):
        terminalreporter.write_line(line)


def _as_usage_error(call: Any) -> Any:
    try:
        return call()
    except MisuseError as error:
        raise pytest.UsageError(str(error)) from error
