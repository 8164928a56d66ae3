"""Documents made by the real evaluator, and checkov's real environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stackproof.cache import Cache
from stackproof.model import Document, Resource, Where
from stackproof.scanners.engines import CHECKOV, Tool, tools
from stackproof.sources import Deployment, StackSource, TemplateFile, evaluate

Evaluated = Callable[..., Document]


@pytest.fixture(scope="session")
def checkov() -> Tool:
    """The installed checkov; `make setup` installs it."""
    found = tools()[CHECKOV]
    assert isinstance(found, Tool), found
    return found


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    return Cache(tmp_path / "cache")


def evaluated(text: str, name: str = "stack.yml", **parameters: object) -> Document:
    """Resolve one template as a stack of its own, named after the file."""
    source = StackSource(name.partition(".")[0], TemplateFile.of(name, text), parameters)
    deployment = Deployment("prod", "us-east-1", "123456789012")
    return evaluate((source,), deployment).worlds[0].documents[0]


def written(resources: dict[str, object], region: str = "us-east-1", stack: str = "odd") -> Document:
    """Make a document that the evaluator would not make. Every position is line 1."""
    here = {"": Where("odd.yml", 1)}
    known = {
        name: Resource(f"{stack}.{name}", str(body.get("Type")), body.get("Properties", {}), here)
        for name, body in resources.items()
        if isinstance(body, dict)
    }
    return Document(stack, "odd.yml", {"Resources": resources}, known, here, region)


@pytest.fixture(scope="session")
def evaluate_text() -> Evaluated:
    """`evaluated` for tests."""
    return evaluated


@pytest.fixture(scope="session")
def write_document() -> Evaluated:
    """`written` for tests."""
    return written
