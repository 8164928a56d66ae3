"""Amazon CloudWatch dashboards: that they show something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, Unknown, Value, all_of, control
from stackproof.resources.alarms import names_existing
from stackproof.resources.embedded import is_json, json_of
from stackproof.resources.policy_values import skeleton

DASHBOARD = "AWS::CloudWatch::Dashboard"
_SOURCE: Final = re.compile(r"\s*SOURCE\s+\S", re.IGNORECASE)


@control(
    DASHBOARD,
    severity=Severity.HIGH,
    remediation="Let DashboardBody be JSON with a list named widgets that is not empty.",
)
def dashboard_body_is_valid(dashboard: Resource) -> Claim:
    """CloudWatch refuses a body that is not JSON, after everything before it in the stack was deployed."""
    body = dashboard["DashboardBody"]
    return body.claim("JSON", is_json) & json_of(body)["widgets"].present()


@control(
    DASHBOARD,
    severity=Severity.MEDIUM,
    remediation="Write the names in metrics as references to the resources: ${BackendFunction}.",
)
def dashboard_shows_what_exists(dashboard: Resource, inventory: Inventory) -> Claim:
    """A widget about a resource that is not there stays empty, and is taken for silence when there is an incident."""
    shown = [pair for widget in _widgets(dashboard, "metric") for pair in _dimensions(widget)]
    return all_of(names_existing(name, value, inventory) for name, value in shown)


@control(
    DASHBOARD,
    severity=Severity.MEDIUM,
    remediation="Give every metric widget a region and, in each row, namespace, metric, dimension and value.",
)
def dashboard_metrics_are_complete(dashboard: Resource) -> Claim:
    """Without its region a widget is refused; without a dimension it shows the sum of the account, or nothing."""
    return all_of(_metric_complete(widget["properties"]) for widget in _widgets(dashboard, "metric"))


@control(
    DASHBOARD,
    severity=Severity.MEDIUM,
    remediation="Let the query of a log widget start with SOURCE 'log group' |, and give it a region.",
)
def dashboard_log_queries_are_complete(dashboard: Resource) -> Claim:
    """A log widget reads the groups that its query names with SOURCE; it has no other property for them."""
    return all_of(_log_complete(widget["properties"]) for widget in _widgets(dashboard, "log"))


def _widgets(dashboard: Resource, kind: str) -> Iterator[Fact]:
    """The widgets of one kind; what cannot be read comes as a widget too, so that it stays unknown."""
    for widget in json_of(dashboard["DashboardBody"])["widgets"].items():
        if widget["type"].equals(kind).holds is not False:
            yield widget


def _metric_complete(properties: Fact) -> Claim:
    alarm = properties["annotations"]["alarms"].present()
    rows = properties["metrics"].present() & properties["metrics"].each(_row_complete)
    return alarm | (properties["region"].present() & rows)


def _row_complete(row: Fact) -> Claim:
    def whole(value: Value) -> bool:
        if not isinstance(value, list):
            return False
        options = value[-1] if value and isinstance(value[-1], dict) else {}
        texts = len(value) - bool(options)
        return "expression" in options or (texts >= 4 and texts % 2 == 0) or (texts >= 1 and _is_short(value))

    return row.claim("namespace, metric, dimension and value, or an expression", whole)


def _is_short(row: list[Value]) -> bool:
    """`...` repeats the row above it; namespaces of one's own may have metrics without dimensions."""
    return row[0] == "..." or (isinstance(row[0], str) and not row[0].startswith("AWS/") and row[0] != ".")


def _log_complete(properties: Fact) -> Claim:
    query = properties["query"]
    sourced = query.claim("SOURCE 'log group' | ...", lambda value: _SOURCE.match(skeleton(value) or "") is not None)
    return properties["region"].present() & query.present() & sourced


def _dimensions(widget: Fact) -> Iterator[tuple[Fact, Fact]]:
    """Dimension name and value of every row, with `.` and `...` filled in from the row above."""
    above: list[Fact] = []
    for row in widget["properties"]["metrics"].items():
        if isinstance(row.value, Unknown):
            yield row, row
        cells = [cell for cell in row.items() if not isinstance(cell.value, dict)]
        if cells and cells[0].value == "...":
            cells = [*above[: max(0, len(above) - len(cells) + 1)], *cells[1:]]
        cells = [above[i] if cell.value == "." and i < len(above) else cell for i, cell in enumerate(cells)]
        above = cells
        yield from zip(cells[2::2], cells[3::2], strict=False)
