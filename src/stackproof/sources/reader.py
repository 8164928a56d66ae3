"""Reads a template's bytes into nodes that know their lines: YAML or JSON, quickly and within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from stackproof.model import Where
from stackproof.sources.events import Event, NotReadableError, of_json, of_yaml
from stackproof.sources.nodes import Map, Node, Seq, key_text

MAX_BYTES: Final = 5_000_000  # CloudFormation takes 1 MB (AWS: CloudFormation quotas)
MAX_DEPTH: Final = 100  # CloudFormation's own templates stay far below
MAX_NODES: Final = 300_000  # after aliases and merges are expanded; more than 5 MB of template needs


class TooLargeError(NotReadableError):
    """The file is beyond the bounds within which it is read."""


@dataclass(slots=True)
class Parsed:
    """One file's content: its root mapping, or why there is none; `flaws` are mistakes that could be read over."""

    root: Map | None = None
    error: NotReadableError | None = None
    flaws: list[tuple[str, Where, str]] = field(default_factory=list)


def read(content: bytes, source: str) -> Parsed:
    """Parse a template. Never raises: an unreadable one has an `error` with its line."""
    parsed = Parsed()
    try:
        root = _root(_decoded(content), source, parsed)
        if not isinstance(root, Map):
            raise NotReadableError(f"the template is {_kind(root)}, expected a mapping", 1)
        parsed.root = root
    except NotReadableError as error:
        parsed.error = error
    return parsed


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise TooLargeError(f"too large: {len(content):,} bytes, at most {MAX_BYTES:,} are read", 1)
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotReadableError(f"not text: byte {error.start} is not UTF-8", line) from None
    if "\0" in text:
        raise NotReadableError("not text: it has a zero byte", text.count("\n", 0, text.index("\0")) + 1)
    if not text.strip():
        raise NotReadableError("the file is empty", 1)
    return text


def _root(text: str, source: str, parsed: Parsed) -> Node:
    """JSON when it starts like JSON, as CloudFormation takes it. YAML's flow style is read too, with a flaw."""
    if not text.lstrip().startswith("{"):
        return _build(of_yaml(text), source, parsed)
    try:
        return _build(of_json(text), source, parsed)
    except TooLargeError:
        raise
    except NotReadableError as not_json:
        parsed.flaws.clear()
        try:
            root = _build(of_yaml(text), source, parsed)
        except NotReadableError:
            raise not_json from None
        where = Where(source, not_json.line)
        parsed.flaws.append(("template-readable", where, f"it starts like JSON, but is {not_json.message}"))
        return root


def _kind(root: Node) -> str:
    return "a list" if isinstance(root, Seq) else "empty" if root is None else "a single value"


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    node: Map | Seq
    tag: str
    line: int
    size: int = 1
    key: str | None = None
    key_line: int = 0
    merges: list[Map] = field(default_factory=list)


def _build(events: Iterator[Event], source: str, parsed: Parsed) -> Node:
    builder = _Builder(source, parsed)
    for event in events:
        builder.take(event)
    return builder.root


class _Builder:
    def __init__(self, source: str, parsed: Parsed) -> None:
        self.source = source
        self.parsed = parsed
        self.root: Node = None
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.pending: list[str] = []  # the anchor of each open collection
        self.merged = 0

    def take(self, event: Event) -> None:
        kind = event.kind
        if kind == "scalar":
            value = event.value
            self._place(_tagged(event.tag, value, self.source, event.line) if event.tag else value, event, 1)
        elif kind in "{[":
            self._open(event)
        elif kind in "}]":
            self._close(event)
        else:
            if event.anchor not in self.anchors:
                raise NotReadableError(f"alias *{event.anchor} has no anchor before it", event.line)
            node, size = self.anchors[event.anchor]
            self._place(node, event, size)

    def _open(self, event: Event) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise TooLargeError(f"nested deeper than {MAX_DEPTH} levels", event.line)
        if self._expects_key():
            raise NotReadableError("a mapping's key is a list or mapping, expected text", event.line)
        node: Map | Seq = Map(self.source, event.line) if event.kind == "{" else Seq(self.source, event.line)
        self.stack.append(_Open(node, event.tag, event.line))
        self.pending.append(event.anchor)

    def _close(self, event: Event) -> None:
        done = self.stack.pop()
        for merged in done.merges:
            self.merged += len(merged)
            self._bounded(self.merged, event.line)
            for key, value in merged.items():
                if isinstance(done.node, Map) and key not in done.node:
                    done.node.put(key, value, merged.lines[key])
        node = _tagged(done.tag, done.node, self.source, done.line) if done.tag else done.node
        opened = Event(event.kind, done.line, anchor=self.pending.pop())
        self._place(node, opened, done.size)

    def _bounded(self, size: int, line: int) -> None:
        if size > MAX_NODES:
            raise TooLargeError(f"more than {MAX_NODES:,} values once its aliases are expanded", line)

    def _expects_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].node, Map) and self.stack[-1].key is None

    def _place(self, node: Node, event: Event, size: int) -> None:
        if event.anchor and event.kind != "alias":
            self.anchors[event.anchor] = (node, size)
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.size += size
        self._bounded(parent.size, event.line)
        if isinstance(parent.node, Seq):
            parent.node.add(node, event.line)
        elif parent.key is None:
            self._key(parent, node, event.line)
        else:
            self._value(parent, parent.node, node, event.line)

    def _key(self, parent: _Open, node: Node, line: int) -> None:
        if isinstance(node, Map | Seq):
            raise NotReadableError("a mapping's key is a list or mapping, expected text", line)
        parent.key = key_text(node)
        parent.key_line = line

    def _value(self, parent: _Open, mapping: Map, node: Node, line: int) -> None:
        key, parent.key = parent.key or "", None
        if key == "<<" and self._merge(parent, node):
            return
        if key in mapping:
            first = mapping.lines[key]
            where = Where(self.source, parent.key_line)
            self.parsed.flaws.append(("template-keys-unique", where, f"{key!r} is already set on line {first}"))
        if node is None:
            where = Where(self.source, line)
            self.parsed.flaws.append(("template-no-nulls", where, f"{key!r} is null, which CloudFormation refuses"))
        mapping.put(key, node, parent.key_line)

    def _merge(self, parent: _Open, node: Node) -> bool:
        sources = node if isinstance(node, Seq) else [node]
        maps = [item for item in sources if isinstance(item, Map)]
        if len(maps) != len(sources):
            return False
        parent.merges.extend(maps)
        return True


def _tagged(tag: str, value: Node, source: str, line: int) -> Node:
    """Turn a short tag into the long form. `!GetAtt A.B.C` splits at the first dot."""
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if name == "Fn::GetAtt" and isinstance(value, str):
        parts = Seq(source, line)
        for part in value.split(".", 1):
            parts.add(part, line)
        value = parts
    node = Map(source, line)
    node.put(name, value, line)
    return node
