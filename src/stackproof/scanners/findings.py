"""From a scanner's answer to findings at the author's own file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stackproof.model import Cause, Document, Finding, Outcome, Resource, Severity, Text, Unknown, Value, Where
from stackproof.model.matching import show
from stackproof.model.values import Absent
from stackproof.scanners.engines import CFN_LINT, CHECKOV, ENGINES, SOURCE
from stackproof.scanners.results import Hit, Path, Scan, Scans
from stackproof.scanners.scan import source_digest
from stackproof.scanners.severity import severity

# Properties that no rule of the scanners judges: an undecided value there leaves nothing open
_UNJUDGED = re.compile(r"(^|\.)(Tags|Description)\b")
# Parameters of these types name a thing (an image, a subnet, a zone): no rule turns on which one it is
_IDENTIFIER = re.compile(r"(List<|AWS::SSM::Parameter::Value<)*AWS::(EC2|Route53)::.+")


def findings(document: Document, scans: Scans, environment: str) -> tuple[Finding, ...]:
    """What both engines found in one document.

    Per engine there is one finding for the whole document, whose control is the engine's name: `pass` says that all
    of it was judged (whatever was found), `unknown` that it was not, `not-applicable` that the engine has no rule
    for any resource of it. Each thing found is a `fail` of its own under the rule's id. A resource with an undecided
    value is `unknown` under the engine's name, since a rule that finds nothing there has looked at a placeholder.
    """
    found: list[Finding] = []
    digest = document.digest()
    for engine in ENGINES:
        scanned = scans.get((engine, digest)) or Scan(unknown=Unknown(Cause.TOOL_ERROR, f"{engine} was not run"))
        found.append(_summary(engine, engine, scanned, Where(document.source), environment))
        found += dict.fromkeys(_hit(engine, hit, document, environment) for hit in scanned.hits)
        if scanned.unknown is None:
            found += _undecided(engine, document, environment)
    return tuple(found)


def source_findings(name: str, text: str, scans: Scans, environment: str = "") -> tuple[Finding, ...]:
    """What cfn-lint found in an author's own text: what it says of parameters, conditions and functions."""
    scanned = scans.get((SOURCE, source_digest(text))) or Scan(
        unknown=Unknown(Cause.TOOL_ERROR, f"{SOURCE} was not run")
    )
    found = [_summary(SOURCE, CFN_LINT, scanned, Where(name), environment)]
    for hit in scanned.hits:
        where = Where(name, hit.line)
        found.append(_finding(CFN_LINT, hit, where, None, environment, None, hit.message))
    return tuple(dict.fromkeys(found))


def _summary(control: str, engine: str, scanned: Scan, where: Where, environment: str) -> Finding:
    unknown = scanned.unknown
    found = sum(not hit.crashed for hit in scanned.hits)
    if unknown:
        outcome, message = Outcome.UNKNOWN, f"{engine} did not judge it: {unknown.detail}"
    elif scanned.rules:
        outcome = Outcome.PASS
        message = f"{scanned.rules} rules used, {scanned.resources} resources read, {found} found"
    else:
        outcome, message = Outcome.NOT_APPLICABLE, f"{engine} has no rule for its {scanned.resources} resources"
    return Finding(
        control=control,
        engine=engine,
        severity=Severity.HIGH,
        outcome=outcome,
        where=where,
        resource="",
        type="",
        environment=environment,
        message=message,
        remediation="",
        cause=unknown.cause if unknown else None,
        decided_by=unknown.detail if unknown else "",
    )


def _hit(engine: str, hit: Hit, document: Document, environment: str) -> Finding:
    resource, path = _place(hit.path, document)
    if resource is None:
        return _finding(engine, hit, _where(document, path), None, environment, None, hit.message)
    undecided = next((hole for at, hole in holes(resource.properties) if _covers(at, path)), None)
    message = hit.message
    value = resource.at(path).value if path else None
    if engine == CHECKOV and path and not isinstance(value, dict | list):
        message = f"{message} ({path} is {'not set' if isinstance(value, Absent) else show(value)})"
    return _finding(engine, hit, resource.where(path), resource, environment, undecided, message)


def _finding(
    engine: str,
    hit: Hit,
    where: Where,
    resource: Resource | None,
    environment: str,
    undecided: Unknown | None,
    message: str,
) -> Finding:
    if hit.crashed:
        undecided = Unknown(Cause.TOOL_ERROR, f"rule {hit.rule} of {engine} crashed: {hit.message}")
        message = undecided.detail
    elif undecided:
        message = f"{hit.message}: depends on {undecided.detail}"
    return Finding(
        control=hit.rule,
        engine=engine,
        severity=severity(hit.rule),
        outcome=Outcome.UNKNOWN if undecided else Outcome.FAIL,
        where=where,
        resource=resource.address if resource else "",
        type=resource.type if resource else "",
        environment=environment,
        message=message,
        remediation=f"See {hit.url}" if hit.url else f"See {hit.rule} in the policy index of {engine}",
        cause=undecided.cause if undecided else None,
        decided_by=undecided.detail if undecided else "",
    )


def _undecided(engine: str, document: Document, environment: str) -> Iterator[Finding]:
    for resource in document.resources.values():
        found = [
            (path, hole)
            for path, hole in holes(resource.properties)
            if not _UNJUDGED.search(path) and not _identifies(hole, document)
        ]
        if found:
            names = ", ".join(dict.fromkeys(hole.detail for _, hole in found))
            path, first = found[0]
            yield Finding(
                control=engine,
                engine=engine,
                severity=Severity.MEDIUM,
                outcome=Outcome.UNKNOWN,
                where=resource.where(path),
                resource=resource.address,
                type=resource.type,
                environment=environment,
                message=f"{engine} judged placeholders: {path} depends on {names}",
                remediation=f"Give {names} a value in this environment",
                cause=first.cause,
                decided_by=names,
            )


def holes(value: Value, path: str = "") -> Iterator[tuple[str, Unknown]]:
    """The undecided values inside a value, with their paths, that could turn a scanner's judgement.

    What AWS decides at deployment is left out, and so is the account: no rule turns on which one it is.
    """
    parts = value.parts if isinstance(value, Text) else (value,)
    for part in parts:
        if isinstance(part, Unknown) and part.cause is not Cause.NEEDS_LIVE and "AWS::" not in part.detail:
            yield path, part
    if isinstance(value, dict):
        for key, item in value.items():
            yield from holes(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from holes(item, f"{path}[{index}]")


def _identifies(hole: Unknown, document: Document) -> bool:
    parameters = document.content.get("Parameters")
    name = hole.detail.partition(" ")[0].rpartition(".")[2]
    declared = parameters.get(name) if isinstance(parameters, dict) else None
    return isinstance(declared, dict) and _IDENTIFIER.fullmatch(str(declared.get("Type"))) is not None


def _covers(hole: str, path: str) -> bool:
    return path == hole or path.startswith((f"{hole}.", f"{hole}[")) if hole else True


def _place(path: Path, document: Document) -> tuple[Resource | None, str]:
    """The resource that a path of the document leads to, and the path within it."""
    if len(path) > 1 and path[0] == "Resources" and (resource := document.resources.get(str(path[1]))):
        inner = path[3:] if len(path) > 2 and path[2] == "Properties" else path[2:]
        return resource, dotted(inner)
    return None, dotted(path)


def _where(document: Document, path: str) -> Where:
    while path and path not in document.positions:
        path = re.sub(r"(\[\d+\]|(^|\.)[^.\[\]]+)$", "", path)
    return document.positions.get(path) or Where(document.source)


def dotted(path: Path) -> str:
    """Write a path the way the model does: `Rules[0].Name`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
