"""The fixtures of user flows: addresses, an API client, people in a browser. docs/flows.md shows them at work."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.errors import MisuseError
from stackproof.model import Cause, Unknown
from stackproof.plugin.browsers import FLOW, SECRETS, Browsers, Flow, flow_of
from stackproof.plugin.flows import unknown
from stackproof.plugin.session import SESSION

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from stackproof.browser.api import Api
    from stackproof.browser.credentials import Credentials
    from stackproof.browser.sites import Site
    from stackproof.browser.states import States
    from stackproof.browser.visits import Visitor

NewVisitor = Callable[..., "Visitor"]
StoredState = Callable[[str, Callable[["Visitor"], object]], Any]


# --- fixtures -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def environment(request: pytest.FixtureRequest) -> str:
    """The name of the environment; a test that asks for it runs once for each that `--environment` names."""
    given = getattr(request, "param", "")
    if given:
        return str(given)
    return _first_environment(request.config)


@pytest.fixture(scope="session")
def colour(pytestconfig: pytest.Config) -> str:
    """The colour that `--colour` names; empty where it names none."""
    return pytestconfig.stash[SESSION].options.colour


@pytest.fixture(scope="session")
def site(environment: str, pytestconfig: pytest.Config) -> Site:
    """The addresses: `site.url("/sign-in")`, `site.api("/health")`, `site.websocket("/ws")`."""
    from stackproof.browser.sites import Site, addresses_of, unresolved

    session = pytestconfig.stash[SESSION]
    addresses = addresses_of(session.system, environment, session.options.colour)
    if isinstance(addresses, Unknown):
        unknown(addresses.cause, addresses.detail)
    if not session.system.environment(environment).emulated:
        if nowhere := unresolved(addresses):
            unknown(nowhere.cause, nowhere.detail)
        return Site(environment, addresses)
    from stackproof.emulator import EmulatorError

    try:
        running = session.embedded.running(session.system, environment)
    except EmulatorError as error:
        unknown(Cause.TOOL_ERROR, f"the embedded environment does not run: {error}")
    except MisuseError as error:
        pytest.fail(str(error), pytrace=False)
    if running.edge is None:
        unknown(Cause.NOT_DEPLOYED, f"nothing runs behind {environment!r}: system.yaml names no workloads")
    return Site(environment, addresses, running.edge, running.certificate)


@pytest.fixture
def api(site: Site, request: pytest.FixtureRequest) -> Iterator[Api]:
    """A client of the API, a `requests.Session`: `api.get("/health")`; `api.as_("anna", token)` is one for a person."""
    if importlib.util.find_spec("requests") is None:
        unknown(Cause.TOOL_MISSING, "requests is not installed: pip install 'stackproof[browser]'")
    from stackproof.browser.api import Api

    if "api" not in site.addresses:
        unknown(Cause.NOT_RUN, f"environment {site.environment!r} has no address 'api'")
    secrets = request.config.stash.setdefault(SECRETS, set())
    with Api(site, _flow(request, site.environment).folder / "calls.jsonl", secrets=secrets) as client:
        yield client


@pytest.fixture(scope="session")
def browsers(site: Site, pytestconfig: pytest.Config) -> Iterator[Browsers]:
    """Starts the browser when it is needed."""
    kept = Browsers(site, pytestconfig)
    yield kept
    kept.end()


@pytest.fixture(scope="session")
def browser(browsers: Browsers) -> Browser:
    """Playwright's browser, for what `new_visitor` does not do; what it opens is not checked."""
    return browsers.browser()


@pytest.fixture
def new_visitor(browsers: Browsers, request: pytest.FixtureRequest) -> Iterator[NewVisitor]:
    """Let several people come: `new_visitor("anna", state=..., viewport={"width": 390, "height": 844})`.

    `device` is one of Playwright's (`"iPhone 13"`); other options are those of Playwright's browser context.
    """
    if "app" not in browsers.site.addresses:
        unknown(Cause.NOT_RUN, f"environment {browsers.site.environment!r} has no address 'app'")
    flow = _flow(request, browsers.site.environment)

    def new(name: str = "visitor", *, state: Any = None, device: str = "", **options: Any) -> Visitor:
        described = browsers.device(device) if device else {}
        return flow.visit(browsers, name, state, {**described, **options})

    yield new
    for visitor in flow.visitors:
        visitor.close(failed=flow.failed)


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    """One person: `visitor.goto("/")`, `visitor.page`, `visitor.check("start")`, `visitor.expects(status=401)`."""
    return new_visitor("visitor")


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """The page of one person, as Playwright has it."""
    return visitor.page


@pytest.fixture
def stored_state(states: States, new_visitor: NewVisitor, site: Site) -> StoredState:
    """Sign in once for many tests: `new_visitor("anna", state=stored_state("anna", sign_in))`.

    `sign_in` is given a visitor the first time in a run, and leaves them signed in.
    """

    def stored(key: str, make: Callable[[Visitor], object]) -> Any:
        def made() -> Any:
            visitor = new_visitor(f"{key}-signs-in")
            make(visitor)
            return visitor.state()

        return states.get(f"{site.environment}/{key}", made)

    return stored


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> States:
    """Where `stored_state` keeps them: one folder for all processes of a run."""
    from stackproof.browser.states import States

    base = tmp_path_factory.getbasetemp()
    return States((base.parent if hasattr(pytestconfig, "workerinput") else base) / "stackproof-states")


@pytest.fixture(scope="session")
def test_user(environment: str, pytestconfig: pytest.Config) -> Credentials:
    """Whom to sign in as where nobody can sign up: `test_user.email`, `test_user.password` (see system.yaml)."""
    from stackproof.browser.credentials import READS_SECRET, from_secret, from_variables
    from stackproof.engine.connections import connect
    from stackproof.sources.live import Fault, Ledger

    system = pytestconfig.stash[SESSION].system
    user = system.environment(environment).test_user
    if user is None:
        unknown(Cause.NO_CREDENTIALS, f"environment {environment!r} names no test_user in system.yaml")
    if not user.secret:
        found = from_variables(user)
    else:
        aws = connect(system, environment, Ledger(), permits=(READS_SECRET,)).aws
        found = Unknown(aws.cause, aws.message) if isinstance(aws, Fault) else from_secret(user, aws)
    if isinstance(found, Unknown):
        unknown(found.cause, found.detail)
    pytestconfig.stash.setdefault(SECRETS, set()).add(found.password)
    return found


@pytest.fixture
def evidence_folder(environment: str, request: pytest.FixtureRequest) -> Path:
    """The folder of this test's evidence, for files of its own."""
    return _flow(request, environment).folder


# --- hooks ----------------------------------------------------------------------------------------------------


def add_browser_options(parser: pytest.Parser) -> None:
    """Add `--headed` and `--slowmo`, unless pytest-playwright brings them."""
    if importlib.util.find_spec("pytest_playwright") is not None:
        return
    group = parser.getgroup("stackproof")
    group.addoption("--headed", action="store_true", default=False, help="show the browser of user flows")
    group.addoption("--slowmo", type=float, default=0, metavar="MS", help="wait this long after each of its actions")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a flow once for each environment, where several are asked for."""
    session = metafunc.config.stash[SESSION]
    if "environment" not in metafunc.fixturenames or not session.has_system or not session.options.environments:
        return
    try:
        names = session.environments()
    except MisuseError as error:
        raise pytest.UsageError(str(error)) from error
    own = [str(marker.args[0]) for marker in metafunc.definition.iter_markers("parametrize") if marker.args]
    if len(names) > 1 and not any("environment" in re.split(r"\W+", text) for text in own):
        metafunc.parametrize("environment", names, indirect=True, scope="session")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Judge the pages that were visited as the last step of a test, so that what is found fails it."""
    try:
        yield
    except BaseException as error:
        if (flow := item.stash.get(FLOW, None)) is not None and not isinstance(error, pytest.skip.Exception):
            _failed(item, flow)
        raise
    if (flow := item.stash.get(FLOW, None)) is not None and flow.visitors:
        from stackproof.browser.visits import error_of

        problems = error_of(flow.visitors)
        if problems is not None:
            flow.failed = True
            pytest.fail(str(problems), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Note a failure before the test is taken down, so that its evidence is kept."""
    report: Any = yield
    flow = item.stash.get(FLOW, None)
    if flow is not None and call.when == "setup" and report.failed:
        flow.failed = True
    return report  # type: ignore[no-any-return]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Forget this try of a test."""
    try:
        yield
    finally:
        if FLOW in item.stash:
            del item.stash[FLOW]


# --- inside ---------------------------------------------------------------------------------------------------


def _flow(request: pytest.FixtureRequest, environment: str) -> Flow:
    item: pytest.Item = request.node
    return flow_of(item, environment)


def _first_environment(config: pytest.Config) -> str:
    try:
        return str(config.stash[SESSION].environments()[0])
    except MisuseError as error:
        pytest.fail(str(error), pytrace=False)


def _failed(item: pytest.Item, flow: Flow) -> None:
    """Take the pictures at once, and say beside the failure what else the pages had to say."""
    flow.failed = True
    for visitor in flow.visitors:
        problems = visitor.finish(failed=True)
        if problems:
            item.add_report_section("call", f"pages of {visitor.name}", "\n".join(map(str, problems)))
