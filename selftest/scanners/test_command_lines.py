"""Our way of running the tools finds just what their own command lines find."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stackproof.cache import Cache
from stackproof.model import Document
from stackproof.scanners import Scans, scan
from stackproof.scanners.engines import CFN_LINT, CHECKOV, WORKER, Tool

ROOT = Path(__file__).parents[2]


def load(path: Path) -> Any:
    """Import a file that is not part of a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scanned(
    checkov: Tool, evaluate_text: Callable[..., Document], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Document], Scans, Path]:
    """Documents by file name, what the scanners said of them, and the folder with their text."""
    assert checkov
    folder = tmp_path_factory.mktemp("corpus")
    corpus = load(ROOT / "benchmarks" / "corpus.py")
    paths = corpus.write_corpus(folder / "author", 25, 7)
    documents = {}
    for path in paths:
        document = evaluate_text(
            path.read_text().replace("StorageEncrypted: !If", "Odd: 1\n      StorageEncrypted: !If")
        )
        documents[f"{path.stem}.json"] = document
        (folder / f"{path.stem}.json").write_text(json.dumps(document.content, indent=1))
    return documents, scan(documents.values(), Cache(folder / "cache")), folder


def test_checkov_agrees(checkov: Tool, scanned: tuple[dict[str, Document], Scans, Path]) -> None:
    """Keeping parser tables, leaving out threads, forks and other frameworks changes no result."""
    documents, scans, folder = scanned
    command = [str(checkov.python.parent / "checkov"), "-d", ".", "--framework", "cloudformation", "-o", "json"]
    run = subprocess.run([*command, "--compact", "--skip-download"], cwd=folder, capture_output=True, check=False)
    theirs = {
        (Path(record["file_path"]).name, record["check_id"], record["resource"].rpartition(".")[2])
        for record in json.loads(run.stdout)["results"]["failed_checks"]
        if "author" not in record["file_path"]
    }
    ours = {
        (name, hit.rule, str(hit.path[1]))
        for name, document in documents.items()
        for hit in scans[CHECKOV, document.digest()].hits
    }
    assert len(ours) > 50
    assert ours == theirs


def test_cfn_lint_agrees(scanned: tuple[dict[str, Document], Scans, Path]) -> None:
    """Loading the rules once and taking turns in forked processes changes no result."""
    documents, scans, folder = scanned
    away: list[str] = list(load(WORKER / "read_cfn_lint.py").RESOLVED_AWAY)
    lint = str(Path(sys.executable).parent / "cfn-lint")
    command = [lint, "--format", "json", "--ignore-checks", *away, "--", *documents]
    home = {**os.environ, "HOME": str(folder)}
    run = subprocess.run(command, cwd=folder, env=home, capture_output=True, check=False)
    theirs = {
        (Path(match["Filename"]).name, match["Rule"]["Id"], tuple(match["Location"]["Path"] or ()), match["Message"])
        for match in json.loads(run.stdout)
    }
    ours = {
        (name, hit.rule, hit.path, hit.message)
        for name, document in documents.items()
        for hit in scans[CFN_LINT, document.digest()].hits
    }
    assert len(ours) > 5
    assert ours == theirs


def test_the_corpus_is_the_same_every_time(tmp_path: Path) -> None:
    """What is measured today can be measured tomorrow: same seed, same bytes; another seed, other templates."""
    write = load(ROOT / "benchmarks" / "corpus.py").write_corpus
    one, two, other = (
        [p.read_bytes() for p in write(tmp_path / str(n), 100, seed)] for n, seed in enumerate((1, 1, 2))
    )
    assert one == two
    assert one != other
    assert 550_000 < sum(map(len, one)) < 750_000
