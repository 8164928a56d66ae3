"""The command line: `stackproof check` and what else works without pytest."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from stackproof import __version__
from stackproof.errors import MisuseError

MISUSE = 4  # as pytest's own usage errors
INTERRUPTED = 130  # 128 + SIGINT
CUT_SHORT = 141  # 128 + SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0 compliant, 1 not, 4 misuse, 6 evidence missing where it is required; 130 interrupted, 141 cut short by the reader
    of our output, both as shells have it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may be what the terminal has no letters for
            stream.reconfigure(errors="backslashreplace")
    try:
        options = _parser().parse_args(arguments)
        code: int = options.run(options)
        sys.stdout.flush()
    except MisuseError as error:
        print(f"stackproof: {error}", file=sys.stderr)
        return MISUSE
    except BrokenPipeError:  # the reader of our output has seen enough: what is left goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_SHORT
    except KeyboardInterrupt:
        print("\r\x1b[K" * sys.stderr.isatty() + "stackproof: interrupted", file=sys.stderr)
        return INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="stackproof", description="Prove that an AWS deployment is what its design says.")
    parser.add_argument("--version", action="version", version=f"stackproof {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_check(commands)
    init = commands.add_parser("init", help="draft system.yaml from templates, and lay the suite beside it")
    init.add_argument("path", type=Path, metavar="PATH", help="a template, or a folder with templates")
    init.set_defaults(run=_init)
    controls = commands.add_parser("controls", help="list the controls, or explain one")
    controls.add_argument("control", nargs="?", help="the id of a control")
    controls.set_defaults(run=_controls)
    schema = commands.add_parser("schema", help="print the JSON schema of system.yaml")
    schema.set_defaults(run=_schema)
    _add_permissions(commands)
    _add_embedded(commands)
    _add_browser(commands)
    replay = commands.add_parser("replay", help="judge an environment again from the stored answers of AWS")
    replay.add_argument("--system", default="", metavar="NAME", help="default: the one that the gate judged")
    replay.add_argument("--reports", type=Path, default=Path("reports"), metavar="DIR", help="default: reports")
    replay.set_defaults(run=_replay)
    record = commands.add_parser("record", help="start a user flow by doing it once in a browser")
    record.add_argument("--system", default="", metavar="NAME", help="a system under systems/, or a path")
    record.add_argument("--environment", default="embedded", metavar="NAME", help="default: embedded")
    record.add_argument(
        "--output", type=Path, default=Path("tests/e2e/test_new_flow.py"), metavar="FILE", help="the test to write"
    )
    record.set_defaults(run=_record)
    return parser


def _add_browser(commands: argparse._SubParsersAction[_Parser]) -> None:
    browser = commands.add_parser("browser", help="say which browser the flows use, or get one")
    browser.add_argument("--install", action="store_true", help="get one where there is none")
    browser.set_defaults(run=_browser)


def _browser(options: argparse.Namespace) -> int:
    from stackproof.commands.browser import browser

    return browser(options)


def _add_check(commands: argparse._SubParsersAction[_Parser]) -> None:
    check = commands.add_parser("check", help="judge templates, without a system.yaml")
    check.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="a template, or a folder with templates")
    check.add_argument(
        "--parameters",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="parameter values: AWS CLI, CodePipeline, a plain mapping, or samconfig.toml; later files win",
    )
    check.add_argument(
        "--environment",
        action="extend",
        type=_names,
        default=[],
        metavar="NAME",
        help="judge for this environment (repeatable, or several joined by commas): fills a parameter named "
        "Environment, EnvironmentName, Env or Stage, chooses the section of samconfig.toml, and stands for "
        "{environment} in --parameters",
    )
    check.add_argument("--region", default="", help="the region that AWS::Region stands for")
    check.add_argument("--changed", action="store_true", help="only templates that differ from the last commit")
    check.add_argument("--format", choices=("text", "json", "sarif", "junit"), default="text")
    check.add_argument("--output", type=Path, metavar="FILE", help="write the report there instead of the terminal")
    check.add_argument(
        "--evidence",
        choices=("optional", "required"),
        default="optional",
        help="required: anything unknown ends with exit code 6",
    )
    check.add_argument(
        "--blocks",
        choices=("info", "low", "medium", "high", "critical"),
        default="low",
        help="the lowest severity whose failures end with exit code 1 (default: low)",
    )
    check.add_argument("--no-scanners", action="store_true", help="only our own controls, without cfn-lint and checkov")
    check.add_argument("--all", action="store_true", help="print every failure, not only what fits the screen")
    check.set_defaults(run=_check)


def _add_permissions(commands: argparse._SubParsersAction[_Parser]) -> None:
    permissions = commands.add_parser("permissions", help="print the policy that a role needs to read a system")
    permissions.add_argument("--system", default="", metavar="NAME", help="a system under systems/, or a path")
    permissions.add_argument(
        "--environment",
        action="extend",
        type=_names,
        default=[],
        metavar="NAME",
        help="only this environment (repeatable, or several joined by commas); without it, all real ones",
    )
    permissions.add_argument(
        "--format", choices=("json", "cloudformation"), default="json", help="policy documents, or a template of them"
    )
    permissions.add_argument(
        "--part", type=int, default=0, metavar="N", help="only the Nth document, if there are more"
    )
    permissions.add_argument("--probes", action="store_true", help="add what the probes take, such as reading a secret")
    permissions.add_argument("--explain", action="store_true", help="say what each action is for, on stderr")
    permissions.set_defaults(run=_permissions)


def _add_embedded(commands: argparse._SubParsersAction[_Parser]) -> None:
    up = commands.add_parser("up", help="start the embedded environment and deploy a system into it")
    up.add_argument("--system", default="", metavar="NAME", help="a system under systems/, or a path")
    up.set_defaults(run=_up)
    down = commands.add_parser("down", help="end the embedded environment")
    down.set_defaults(run=_down)
    for command in (up, down):
        command.add_argument("--environment", default="embedded", metavar="NAME", help="default: embedded")


def _permissions(options: argparse.Namespace) -> int:
    from stackproof.commands.permissions import permissions

    return permissions(options)


def _up(options: argparse.Namespace) -> int:
    from stackproof.commands.up import up

    return up(options)


def _down(options: argparse.Namespace) -> int:
    from stackproof.commands.down import down

    return down(options)


def _replay(options: argparse.Namespace) -> int:
    from stackproof.commands.replay import replay

    return replay(options)


def _record(options: argparse.Namespace) -> int:
    from stackproof.commands.record import record

    return record(options)


def _check(options: argparse.Namespace) -> int:
    from stackproof.commands.check import check

    options.environment = list(dict.fromkeys(options.environment))
    return check(options)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _init(options: argparse.Namespace) -> int:
    from stackproof.commands.init import init

    return init(options)


def _controls(options: argparse.Namespace) -> int:
    from stackproof.commands.controls import show_controls

    return show_controls(options.control)


def _schema(options: argparse.Namespace) -> int:
    from stackproof.commands.schema import schema_text

    del options
    print(schema_text(), end="")
    return 0


class _Parser(argparse.ArgumentParser):
    """Ends with our exit code for misuse instead of argparse's 2."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Print what was wrong and how the command is used."""
        self.print_usage(sys.stderr)
        print(f"stackproof: {message}", file=sys.stderr)
        raise SystemExit(MISUSE)


if __name__ == "__main__":
    sys.exit(main())
