"""Reads web applications of Amplify: rewriting rules, headers, variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stackproof.emulator.edge.rules import Gap, Site

if TYPE_CHECKING:
    from stackproof.emulator.edge.reading import Clients, Settings


def read(clients: Clients, settings: Settings) -> tuple[dict[str, Any], Sequence[Gap]]:
    """Give `sites` by the application's id."""
    sites: dict[str, Site] = {}
    gaps: list[Gap] = []
    for region in settings.regions:
        for app in clients.all("amplify", region, "list_apps", "apps"):
            branches = list(clients.all("amplify", region, "list_branches", "branches", appId=app["appId"]))
            site = _site(app, branches, settings)
            sites[site.id] = site
            if site.unjudged:
                gaps.append(Gap(app["name"], site.unjudged, refused=True))
    return {"sites": sites}, gaps


def _site(app: dict[str, Any], branches: list[dict[str, Any]], settings: Settings) -> Site:
    served = settings.behind("files", app["appId"])
    variables = {key: value for key, value in app.get("environmentVariables", {}).items() if key}
    for branch in branches[:1]:  # a branch's own win
        variables |= branch.get("environmentVariables", {})
    unjudged = "" if served else "no workload has its files"
    if app.get("enableBasicAuth") or any(branch.get("enableBasicAuth") for branch in branches):
        unjudged = "basic authentication is not part of the edge"
    if app.get("webAclArn") or app.get("wafConfiguration", {}).get("webAclArn"):
        unjudged = "web ACLs of web applications are not part of the edge"
    headers: tuple[tuple[str, Mapping[str, str]], ...] = ()
    try:
        headers = tuple(_headers(app.get("customHeaders") or ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        unjudged = f"its headers cannot be read: {error}"
    return Site(
        id=app["appId"],
        resource=served.resource if served else "",
        folder=served.folder if served else "",
        rules=tuple(app.get("customRules", [])),
        headers=headers,
        variables={**variables, **(served.passed if served else {})},
        unjudged=unjudged,
    )


def _headers(text: str) -> list[tuple[str, dict[str, str]]]:
    """Patterns with their headers, from YAML or JSON, which is YAML, too."""
    import yaml

    try:
        content = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    return [
        (str(entry["pattern"]), {str(h["key"]): str(h["value"]) for h in entry["headers"]})
        for entry in content.get("customHeaders", [])
    ]
