"""Resolved templates, as outside scanners read them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from stackproof.model.claims import Where
from stackproof.model.inventory import Resource


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One stack's template with everything resolved that can be before deployment.

    `content` is plain JSON and a valid template: intrinsics stand only where AWS decides the value (`Ref` and
    `Fn::GetAtt` of the document's own resources) or a parameter has none (it stays declared and referred to).
    `resources` maps logical ids to the judged resources, whose positions lead back to the author's lines;
    `positions` does the same for all else (`Outputs.Url.Value`; empty for the file). `region` is where it is
    deployed; empty when that is not known.
    """

    stack: str
    source: str
    content: Mapping[str, object]
    resources: Mapping[str, Resource]
    positions: Mapping[str, Where]
    region: str = ""

    def text(self) -> str:
        """The content as canonical JSON: equal documents have equal text."""
        return json.dumps(self.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def digest(self) -> str:
        """SHA-256 of region and text, in hexadecimal: what is offered differs between regions."""
        return hashlib.sha256(f"{self.region}\n{self.text()}".encode()).hexdigest()
