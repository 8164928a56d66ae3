"""Answers as Amplify Hosting: redirects and rewrites in their order, built files, headers by pattern."""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from aiohttp import web

from stackproof.emulator.edge.rules import Rules, Site, UnjudgedError, Wire
from stackproof.emulator.edge.visits import Visit

CONFIG: Final = "/config.json"
_KEEP: Final = "public, max-age=0, s-maxage=31536000"  # Amplify's own
_REWRITE, _IF_MISSING, _NOT_FOUND = "200", "404-200", "404"
Again = Callable[[Visit], Awaitable[web.StreamResponse]]


class Sites:
    """All web applications of the environment. `again` answers a request that was rewritten to another name."""

    def __init__(self, again: Again) -> None:
        self._again = again

    async def serve(self, visit: Visit, rules: Rules, site_id: str) -> web.StreamResponse:
        """Answer a request that a name led here.

        Raises:
            UnjudgedError: a rule is deployed that is not followed, or the application's files are not there.

        """
        rules.need("web applications")
        site = rules.sites[site_id]
        if visit.port != 443:
            visit.note("redirected")
            return web.Response(status=301, headers={"Location": f"https://{visit.name}{visit.address}"})
        if site.unjudged:
            raise UnjudgedError(site.unjudged)
        for rule in site.rules:
            target = _target(rule, visit)
            if target is None:
                continue
            if rule["status"] == _REWRITE:
                return await self._rewrite(visit, site, target)
            if rule["status"] in {_IF_MISSING, _NOT_FOUND}:
                if _file(site, visit.path) is None and visit.path != CONFIG:
                    status = 200 if rule["status"] == _IF_MISSING else 404
                    return _answer(visit, site, urlsplit(target).path, status)
                continue
            visit.note("redirected")
            return web.Response(status=int(rule["status"]), headers={"Location": target})
        return _answer(visit, site, visit.path, 200)

    async def _rewrite(self, visit: Visit, site: Site, target: str) -> web.StreamResponse:
        parts = urlsplit(target)
        if not parts.netloc:
            return _answer(visit, site, parts.path, 200)
        if parts.scheme != "https" or parts.port not in {None, 443}:
            raise UnjudgedError(f"a rewrite to {target} is not followed: only https and its usual port")
        return await self._again(visit.to(parts.hostname or "", parts.path or "/", parts.query or visit.query))


def _target(rule: Wire, visit: Visit) -> str | None:
    """Where a rule leads this request; None when it does not fit.

    Raises:
        UnjudgedError: the rule is of a form that is not followed.

    """
    source = rule["source"]
    if rule.get("condition"):
        raise UnjudgedError(f"conditions of rewriting rules are not followed ({source})")
    if source.startswith("</") and source.endswith("/>"):
        try:
            return rule["target"] if re.search(source[2:-2], visit.path) else None
        except re.error as error:
            raise UnjudgedError(f"the pattern {source} is not understood: {error}") from error
    if source.startswith(("http://", "https://")):
        return _of_name(rule, visit, urlsplit(source))
    if "?" in source:
        raise UnjudgedError(f"queries in rewriting rules are not followed ({source})")
    found = _pattern(source).fullmatch(visit.path)
    return _filled(rule["target"], found) if found else None


def _of_name(rule: Wire, visit: Visit, source: object) -> str | None:
    """A rule that leads a whole name to another one."""
    name, path = getattr(source, "hostname", ""), getattr(source, "path", "")
    if path not in {"", "/"}:
        raise UnjudgedError(f"a rule with name and path is not followed ({rule['source']})")
    return f"{rule['target'].rstrip('/')}{visit.address}" if name == visit.name else None


def _pattern(source: str) -> re.Pattern[str]:
    """`<*>` stands for any text, `<name>` for one part of the path."""
    written = ""
    for part in re.split(r"(<[^>]*>)", source):
        if part == "<*>":
            written += "(?P<rest>.*)"
        elif part.startswith("<"):
            written += f"(?P<{part[1:-1]}>[^/]+)"
        else:
            written += re.escape(part)
    try:
        return re.compile(written)
    except re.error as error:
        raise UnjudgedError(f"the source {source} is not understood: {error}") from error


def _filled(target: str, found: re.Match[str]) -> str:
    for name, value in found.groupdict().items():
        target = target.replace("<*>" if name == "rest" else f"<{name}>", value or "")
    return target


# --- files --------------------------------------------------------------------------------------------------


def _file(site: Site, path: str) -> Path | None:
    """The built file of a path, never one outside of the folder."""
    root = Path(site.folder).resolve()
    wanted = (root / unquote(path).lstrip("/").replace("\0", "")).resolve()
    if not wanted.is_relative_to(root):
        return None
    if wanted.is_dir():
        wanted /= "index.html"
    return wanted if wanted.is_file() else None


def _answer(visit: Visit, site: Site, path: str, status: int) -> web.Response:
    if visit.request.method not in {"GET", "HEAD"}:
        visit.note("refused")
        return web.Response(status=405, headers={"Allow": "GET, HEAD"})
    headers = {"Cache-Control": _KEEP, **headers_of(site.headers, visit.path)}
    if path == CONFIG:
        visit.note("configuration", site.resource)
        text = json.dumps(dict(site.variables), indent=2)
        return web.Response(
            text=text, content_type="application/json", headers={**headers, "Cache-Control": "no-store"}
        )
    file = _file(site, path)
    if file is None:
        visit.note("no-file", site.resource)
        return web.Response(status=404, text="Not Found", headers=headers)
    visit.note("file", site.resource)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    charset = "utf-8" if kind.startswith("text/") or kind.endswith(("javascript", "json", "xml")) else None
    return web.Response(status=status, body=file.read_bytes(), content_type=kind, charset=charset, headers=headers)


def headers_of(patterns: tuple[tuple[str, Mapping[str, str]], ...], path: str) -> dict[str, str]:
    """The headers of all patterns that fit a path; a later pattern wins."""
    found: dict[str, str] = {}
    for pattern, headers in patterns:
        if _glob(pattern.lstrip("/")).fullmatch(path.lstrip("/")):
            found |= headers
    return found


def _glob(pattern: str) -> re.Pattern[str]:
    """`**/` stands for any folders, `**` for any text, `*` for any text within one part."""
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    parts = re.split(r"(\*\*/|\*\*|\*)", pattern)
    return re.compile("".join(known.get(part, re.escape(part)) for part in parts))
