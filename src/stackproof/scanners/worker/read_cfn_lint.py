"""Reads one template at a time with cfn-lint, whose rules are loaded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Rules that say nothing of a resolved document: what they look for was written by the author and is resolved
# away, or came into the document by resolving it. The ones in AUTHORS are asked of the author's text instead.
RESOLVED_AWAY = {
    "E1002": "the size that counts is that of the author's file",
    "E1029": "${!Name} is resolved to ${Name}, which is text by then",
    "W1001": "resources with a false condition and references to them are gone",
    "W1019": "Sub is resolved",
    "W1020": "Sub is resolved; what stays of it was written by us",
    "W1028": "If is resolved",
    "W2001": "references to parameters with a value are replaced by it",
    "W2010": "a masked parameter is replaced by its value",
    "W2501": "a password parameter is replaced by its value",
    "W2506": "a parameter with a value is dropped",
    "W3010": "GetAZs and Select are replaced by names of zones",
    "W4001": "parameters named by the interface are dropped",
    "W6001": "imports are replaced by what other stacks export",
    "W7001": "FindInMap is resolved",
    "W8001": "conditions are resolved",
    "W8003": "conditions are resolved",
}
# Rules that cost little on the author's text. The other ones above walk through every resource, which is as much
# work as judging the document once more, for matters of style.
AUTHORS = frozenset({"E1029", "E2015", "W1001", "W1100", "W1101", "W2001", "W2501", "W7001", "W8001"})
UNREAD = frozenset({"E0000", "E0001", "E0002"})  # the template, its transform or a rule could not be processed


def judge() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Import cfn-lint and return the function that reads a task."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.core import get_rules
    from cfnlint.decode import cfn_json
    from cfnlint.decode.decode import decode_str
    from cfnlint.runner import run_template_by_data
    from cfnlint.template import Template

    # Two sets, because rules remember what they were told of a template
    for_resolved = get_rules([], list(RESOLVED_AWAY), ["E", "W"], {})
    for_authors = get_rules([], [], ["E", "W"], {})
    for_authors.rules = {key: rule for key, rule in for_authors.rules.items() if key in AUTHORS | UNREAD}

    def resolved(text: str, region: str) -> tuple[Any, list[Any]]:
        # With cfn-lint's own decoder: without its marks, equal messages at different places become one
        template = _without_directives(cfn_json.loads(text))
        return template, list(run_template_by_data(template, ConfigMixIn([], regions=[region]), for_resolved))

    def authors(text: str, region: str) -> tuple[Any, list[Any]]:
        template, matches = decode_str(text)
        if isinstance(template, dict) and not matches:
            matches = for_authors.run("", Template("", template, [region]))
        return template, matches

    def read(task: dict[str, Any]) -> dict[str, Any]:
        source = task["kind"] == "source"
        template, matches = (authors if source else resolved)(task["text"], task["region"] or "us-east-1")
        broken = next((m for m in matches if m.rule.id in UNREAD), None)
        cause = "parse-error" if broken and source and broken.rule.id == "E0000" else "tool-error"
        line = f" (line {broken.linenumber})" if broken and source else ""
        return {
            "hits": [_hit(m, m.linenumber if source else 0) for m in matches if m.rule.id not in UNREAD],
            "rules": len((for_authors if source else for_resolved).rules),
            "resources": len(_mapping(template, "Resources")),
            "unknown": [cause, f"{broken.rule.id}: {broken.message}{line}"] if broken else None,
        }

    return read


def _hit(match: Any, line: int) -> dict[str, Any]:
    path = [part if isinstance(part, int) else str(part) for part in getattr(match, "path", None) or ()]
    url = match.rule.source_url
    return {"rule": match.rule.id, "path": path, "message": match.message, "url": url, "line": line}


def _without_directives(template: dict[str, Any]) -> dict[str, Any]:
    """Drop what would make cfn-lint overlook findings: waivers are somebody else's business."""
    for holder in (template, *_mapping(template, "Resources").values()):
        _mapping(holder, "Metadata").pop("cfn-lint", None)
    return template


def _mapping(holder: Any, key: str) -> dict[str, Any]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}
