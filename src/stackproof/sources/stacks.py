"""What goes into an evaluation and what comes out of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from stackproof.files import content_of
from stackproof.model import Cause, Document, Inventory, Outcome, Where
from stackproof.sources.reader import Parsed, read


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the stacks go. An empty `region` or `account` is not known, and what depends on it stays unknown."""

    environment: str = ""
    region: str = ""
    account: str = ""
    partition: str = "aws"


@dataclass(frozen=True, eq=False)
class TemplateFile:
    """A template: a file (`path`) or text given directly (`content`). It is read and parsed once, when first asked.

    `name` is how findings name it, a path relative to the project.
    """

    name: str
    path: Path | None = None
    content: bytes | None = None
    root: Path | None = None

    @classmethod
    def read(cls, path: Path, root: Path | None = None) -> TemplateFile:
        """Name a file relative to `root` (default: as given). One that cannot be read becomes a problem."""
        shown = path.relative_to(root) if root and path.is_relative_to(root) else path
        return cls(shown.as_posix(), path, None, root)

    @classmethod
    def of(cls, name: str, text: str) -> TemplateFile:
        """Give a template as text."""
        return cls(name, None, text.encode("utf-8", "surrogatepass"))

    @cached_property
    def parsed(self) -> Parsed:
        """The parsed content.

        Raises:
            OSError: the file cannot be read.

        """
        content = self.content
        if content is None:
            content = content_of(self.path) if self.path else b""
        return read(content, self.name)

    def beside(self, location: str) -> TemplateFile | None:
        """Name a file that this one points at by a relative path; None for a remote one, or when this is not a file."""
        if self.path is None or "://" in location or not location or "\0" in location:
            return None
        parts = [*self.path.parent.parts, *Path(location).parts]
        path = Path(*(part for part in parts if part != "."))
        return TemplateFile.read(Path(os.path.normpath(path)), self.root)


@dataclass(frozen=True, slots=True)
class StackSource:
    """One stack to evaluate: its template and the parameter values of one environment.

    `component` is its address in the inventory. `parameters` holds given values (text, numbers, lists of text, or
    model values such as Unknown); the rest come from the template's defaults. `name` is AWS::StackName, if known.
    `parameter_source` says in messages where the values came from.
    """

    component: str
    template: TemplateFile
    parameters: Mapping[str, object] = field(default_factory=dict)
    name: str = ""
    layer: str = ""
    order: int = 0
    parameter_source: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """One way in which the undecided parameters may turn out.

    `assumptions` is empty when everything that matters is decided; else it maps `data.Env` to `prod`, or to
    `another value`, and `data.Conditions.IsProd` to `true` or `false`. There is one document per stack.
    """

    assumptions: Mapping[str, str]
    inventory: Inventory
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a template itself. `id` is a stable slug, `resource` an address or empty.

    The ids: `template-readable`, `template-keys-unique`, `template-no-nulls`, `template-well-formed`,
    `template-functions-known`, `template-references-resolve`, `template-imports-resolve`, `template-exports-unique`,
    `template-no-cycles`, `template-rules-hold`, `template-parameters-valid`, `template-conditions-decided`,
    `template-transforms`.
    """

    id: str
    outcome: Outcome
    cause: Cause | None
    where: Where
    message: str
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All worlds (at least one), what is wrong with the templates, and every file that was read."""

    worlds: tuple[World, ...]
    problems: tuple[Problem, ...]
    files: tuple[Path, ...]
