"""Reads one template at a time with checkov, of which only the CloudFormation part is imported."""

from __future__ import annotations

import concurrent.futures
import importlib
import importlib.util
import json
import os
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any


def judge() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Import checkov and return the function that reads a task."""
    crashes: list[dict[str, Any]] = []  # of the document that is being read
    abstained: list[str] = []
    concurrent.futures.ThreadPoolExecutor = _inline(crashes)  # type: ignore[misc, assignment] # before checkov takes it
    os.environ["CHECKOV_PARALLELIZATION_TYPE"] = "none"  # it forks for every file
    _skip_terraform_checks()
    from checkov.cloudformation.checks.resource.registry import cfn_registry
    from checkov.cloudformation.context_parser import ContextParser
    from checkov.cloudformation.runner import Runner
    from checkov.runner_filter import RunnerFilter

    _keep_parser_tables()
    # Marks that skip a check are not obeyed here: waivers are somebody else's business
    ContextParser.collect_skip_comments = staticmethod(lambda *_, **__: [])
    cfn_registry.run_check = _run_check(cfn_registry, crashes, abstained)

    def read(task: dict[str, Any]) -> dict[str, Any]:
        del crashes[:], abstained[:]
        template = json.loads(task["text"])
        # A name of its own: checkov keeps policies by file, type and name of the resource. In lines: it quotes them
        path = Path.cwd() / f"{task['id']}.json"
        path.write_text(json.dumps(template, indent=1), encoding="utf-8")
        runner = Runner()
        report = runner.run(None, files=[str(path)], runner_filter=RunnerFilter(show_progress_bar=False))
        path.unlink()
        _forget_policies()
        seen = (runner.definitions.get(str(path)) or {}).get("Resources") or {}
        unread = [f"{name} was not read" for name in template.get("Resources") or {} if name not in seen]
        lost = [*unread, *(hit["message"] for hit in crashes if not hit["path"])]
        used = {record.check_id for record in (*report.failed_checks, *report.passed_checks)} | set(abstained)
        return {
            "hits": [_hit(record) for record in report.failed_checks] + [hit for hit in crashes if hit["path"]],
            "rules": len(used),
            "resources": len(seen),
            "unknown": ["tool-error", "; ".join(lost[:3])] if lost else None,
        }

    return read


def _forget_policies() -> None:
    name = "BaseCloudsplainingIAMCheck"
    base = getattr(sys.modules.get(f"checkov.cloudformation.checks.resource.{name}"), name, None)
    getattr(base, "policy_document_cache", {}).clear()


def _hit(record: Any) -> dict[str, Any]:
    """Place a failure where the keys lead that the check looked at: several of them, to what holds them all."""
    keys = [key for key in record.check_result.get("evaluated_keys") or () if isinstance(key, str)]
    parts = [[part for part in key.replace("[", "/[").split("/") if part] for key in keys]
    path: list[str | int] = ["Resources", record.resource.rpartition(".")[2]]
    for part, *others in zip(*parts):  # noqa: B905 - strict came with Python 3.10
        if any(other != part for other in others):
            break
        index = part.strip("[]")
        path.append(int(index) if part.startswith("[") and index.isdigit() else part)
    return {"rule": record.check_id, "path": path, "message": record.check_name}


def _crashed(rule: str, path: list[str], error: Exception) -> dict[str, Any]:
    text = " ".join(str(error).split())[:200]
    return {"rule": rule, "path": path, "message": f"{type(error).__name__}: {text}", "crashed": True}


def _run_check(registry: Any, crashes: list[dict[str, Any]], abstained: list[str]) -> Callable[..., Any]:
    """Run a check; checkov's own way turns its crash into a result that no report shows."""
    from checkov.common.models.enums import CheckResult

    def run_check(
        check: Any,
        entity_configuration: Any,
        entity_name: str,
        entity_type: str,
        scanned_file: str,
        skip_info: Any,  # noqa: ARG001 - nothing is skipped
    ) -> dict[str, Any]:
        check.graph = registry.graph
        try:
            result: dict[str, Any] = check.run(scanned_file, entity_configuration, entity_name, entity_type, {})
        except Exception as error:  # noqa: BLE001 - the crash of a check is a finding
            crashes.append(_crashed(check.id, ["Resources", entity_name], error))
            return {"result": CheckResult.UNKNOWN}
        if result["result"] == CheckResult.UNKNOWN:
            abstained.append(check.id)  # its way to say that it does not apply
        return result

    return run_check


def _inline(crashes: list[dict[str, Any]]) -> type[concurrent.futures.Executor]:
    class Inline(concurrent.futures.Executor):
        """Runs at once what it is given: threads do not survive a fork, and checkov drops what they raise."""

        def __init__(self, *_: object, **__: object) -> None:
            pass

        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
            future: concurrent.futures.Future[Any] = concurrent.futures.Future()
            try:
                future.set_result(fn(*args, **kwargs))
            except Exception as error:  # noqa: BLE001 - the crash of a check is a finding
                crashes.append(_crashed("graph", [], error))
                future.set_exception(error)
            return future

    return Inline


def _skip_terraform_checks() -> None:
    """Leave out the hundreds of Terraform checks, which checkov loads for its graph and nothing here asks."""
    package = "checkov.terraform.checks.resource"
    found = importlib.util.find_spec("checkov")
    if found and found.submodule_search_locations:
        empty = types.ModuleType(package)
        empty.__path__ = [str(Path(found.submodule_search_locations[0], "terraform", "checks", "resource"))]
        sys.modules[package] = empty


def _keep_parser_tables() -> None:
    """Build the tables of the JSONPath grammar once: building them for each path is half of a cold scan."""
    yacc = importlib.import_module("ply.yacc").yacc
    jsonpath = importlib.import_module("bc_jsonpath_ng.parser")
    parsers: dict[tuple[type, str], Any] = {}

    def parse_token_stream(self: Any, token_iterator: Any, start_symbol: str = "jsonpath") -> Any:
        key = (type(self), start_symbol)
        if key not in parsers:
            parsers[key] = yacc(
                module=self, debug=False, write_tables=False, start=start_symbol, tabmodule="no_such_tables"
            )
        return parsers[key].parse(lexer=jsonpath.IteratorToTokenStream(token_iterator))

    jsonpath.JsonPathParser.parse_token_stream = parse_token_stream
