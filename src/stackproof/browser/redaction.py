"""What must not stand in evidence: passwords, tokens, cookies. Found by the names that bear them, removed by value."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

HIDDEN: Final = "[hidden]"
_SHORTEST: Final = 6  # characters; a shorter value would be found in too much that is no secret
_SECRET: Final = re.compile(
    r"(?i)pass(word|phrase|wd)?$|pwd$|secret|(^|[_-])token$|[a-z]Token$|^(access|id|refresh|session|csrf|auth)_?token|"
    r"authorization|^cookie$|^set-cookie$|api[_-]?key|credential|otp$|^code_verifier$"
)
_FIELD: Final = re.compile(r"(?i)pass(word|wort|phrase|code)|passwd|secret|token|one-time|otp")
_JWT: Final = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*")  # RFC 7519: a JSON header, which begins with {"


def is_secret_name(name: str) -> bool:
    """Say whether a field, header or parameter of this name holds a secret."""
    return _SECRET.search(name) is not None


def hidden(value: Any) -> Any:
    """Return plain data (dict, list, text) with every secret's value hidden."""
    if isinstance(value, Mapping):
        return {key: HIDDEN if is_secret_name(str(key)) and item else hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hidden(item) for item in value]
    return value


def hidden_text(body: str) -> str:
    """Return a body with the secrets hidden that its JSON or form fields hold; other text as it is."""
    tree = _json(body)
    if isinstance(tree, dict | list):
        return json.dumps(hidden(tree), ensure_ascii=False)
    if re.fullmatch(r"[\w.~%+-]+=[^\s&]*(&[\w.~%+-]+=[^\s&]*)*", body):
        return re.sub(r"([\w.~%+-]+)=([^&]*)", _pair, body)
    return body


def hidden_url(url: str) -> str:
    """Return a URL whose query and fragment show no secret."""
    return re.sub(r"(?<=[?&#])([\w.~%+-]+)=([^&#]*)", _pair, url)


def secrets_in(value: Any) -> set[str]:
    """Collect the values of all secrets in plain data."""
    if isinstance(value, Mapping):
        own = {str(item) for key, item in value.items() if is_secret_name(str(key)) and isinstance(item, str)}
        return own.union(*(secrets_in(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(secrets_in(item) for item in value))
    return set()


def secrets_in_text(body: str) -> set[str]:
    """Collect the secrets in a body that is JSON or a form."""
    tree = _json(body)
    if isinstance(tree, dict | list):
        return secrets_in(tree)
    return {value for name, value in parse_qsl(body) if is_secret_name(name)} if "=" in body else set()


def secrets_in_entries(entries: Iterable[Mapping[str, Any]], bodies: Mapping[str, str]) -> set[str]:
    """Collect the secrets in entries of a HAR 1.2 file; `bodies` are the texts that they refer to by file name."""
    found: set[str] = set()
    for entry in entries:
        for side in (entry["request"], entry["response"]):
            for pair in (*side.get("headers", ()), *side.get("queryString", ())):
                if is_secret_name(pair["name"]):
                    found |= _words(pair["value"])
            found |= {cookie["value"] for cookie in side.get("cookies", ())}
        found |= {value for name, value in parse_qsl(urlsplit(entry["request"]["url"]).query) if is_secret_name(name)}
        for body in (entry["request"].get("postData", {}), entry["response"].get("content", {})):
            found |= secrets_in_text(
                body.get("text", "") or bodies.get(body.get("_file") or body.get("_sha1") or "", "")
            )
    return found


def secrets_in_state(state: Mapping[str, Any]) -> set[str]:
    """Collect the secrets in a browser's storage state: cookies that scripts may not read, and what the names say."""
    found = {c["value"] for c in state["cookies"] if c.get("httpOnly") or is_secret_name(c["name"])}
    for item in (item for origin in state["origins"] for item in origin.get("localStorage", ())):
        found |= {item["value"]} if is_secret_name(item["name"]) else secrets_in_text(item["value"])
    return found


def scrub_zip(path: Path, secrets: Collection[str]) -> None:
    """Write a zip file anew with the secrets hidden in all that it holds."""
    wanted = _forms(secrets)
    if not wanted:
        return
    part = path.with_suffix(".part")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, scrubbed(old.read(entry), wanted))
    part.replace(path)


def scrub_file(path: Path, secrets: Collection[str]) -> None:
    """Hide the secrets in a file."""
    path.write_bytes(without(path.read_bytes(), secrets))


def without(content: bytes, secrets: Collection[str]) -> bytes:
    """Return bytes with the secrets hidden, in each form in which they may be written."""
    return scrubbed(content, _forms(secrets))


def secrets_in_zip(path: Path) -> set[str]:
    """Collect the secrets in a zipped HAR file or trace, as Playwright writes them."""
    found: set[str] = set()
    with zipfile.ZipFile(path) as archive:
        texts = {name: archive.read(name).decode(errors="replace") for name in archive.namelist() if _is_text(name)}
    bodies = {PurePosixPath(name).name: text for name, text in texts.items()}
    for name, text in texts.items():
        found |= set(_JWT.findall(text))
        if name.endswith(".har"):
            found |= secrets_in_entries(json.loads(text)["log"]["entries"], bodies)
        elif name.endswith((".trace", ".network")):
            events = [json.loads(line) for line in text.splitlines() if line]
            found |= secrets_in_entries([e["snapshot"] for e in events if e["type"] == "resource-snapshot"], bodies)
            found |= {typed for event in events for typed in _typed(event)}
    return found


def scrubbed(content: bytes, forms: Iterable[bytes]) -> bytes:
    """Return bytes with each of these forms hidden."""
    for form in forms:
        content = content.replace(form, HIDDEN.encode())
    return content


# --- inside ---------------------------------------------------------------------------------------------------


def _is_text(name: str) -> bool:
    return not name.endswith((".jpeg", ".jpg", ".png", ".webp", ".woff", ".woff2", ".gif", ".ico"))


def _typed(event: Mapping[str, Any]) -> list[str]:
    """What an action of the trace typed into a field for a password."""
    parameters = event.get("params") or {}
    if not _FIELD.search(str(parameters.get("selector", ""))):
        return []
    return [str(parameters[name]) for name in ("value", "text") if parameters.get(name)]


def _forms(secrets: Collection[str]) -> list[bytes]:
    """How a secret may be written: as it is, in JSON, in a URL or form. The longest first: one may hold another."""
    kept = [secret for secret in secrets if len(secret) >= _SHORTEST and secret != HIDDEN]
    forms = {form for s in kept for form in (s, json.dumps(s)[1:-1], quote(s, safe=""), quote(s), quote_plus(s))}
    return [form.encode() for form in sorted(forms, key=lambda form: (-len(form), form))]


def _words(value: str) -> set[str]:
    """The secret of a header: `Bearer abc` holds abc; cookies hold the values of their pairs."""
    first, _, rest = value.partition(" ")
    if rest and first.lower() in ("bearer", "basic", "digest", "negotiate"):
        return {rest}
    pairs = re.findall(r"(?:^|;\s*)([^=;\s]+)=([^;]*)", value)
    attributes = ("path", "domain", "expires", "max-age", "samesite")
    return {found for name, found in pairs if name.lower() not in attributes} or {value}


def _pair(found: re.Match[str]) -> str:
    return f"{found[1]}={HIDDEN}" if is_secret_name(found[1]) and found[2] else found[0]


def _json(body: str) -> Any:
    try:
        return json.loads(body) if body[:1] in "[{" else None
    except ValueError:
        return None
