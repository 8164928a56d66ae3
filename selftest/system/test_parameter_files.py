"""Parameter files in every form that teams keep them in."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackproof.errors import MisuseError
from stackproof.system.parameter_files import read_parameters

SAM = """\
version = 0.1
[default.deploy.parameters]
parameter_overrides = "Env=dev Size=1"
[prod.global.parameters]
parameter_overrides = ["Env=prod"]
[prod.deploy.parameters]
parameter_overrides = 'ParameterKey=Size,ParameterValue=3 Name="a b"'
"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("cli.json", '[{"ParameterKey": "Env", "ParameterValue": "prod"}]', {"Env": "prod"}),
        ("kept.json", '[{"ParameterKey": "Env", "UsePreviousValue": true}]', {}),
        ("deploy.json", '["Env=prod", "Url=a=b"]', {"Env": "prod", "Url": "a=b"}),
        ("pipeline.json", '{"Parameters": {"Env": "prod", "On": true}, "Tags": {}}', {"Env": "prod", "On": "true"}),
        ("skeleton.json", '{"Parameters": [{"ParameterKey": "N", "ParameterValue": "1"}]}', {"N": "1"}),
        ("plain.yaml", "Env: prod\nSubnets: [a, b]\n", {"Env": "prod", "Subnets": ["a", "b"]}),
        ("samconfig.toml", SAM, {"Env": "prod", "Size": "3", "Name": "a b"}),
    ],
)
def test_forms(tmp_path: Path, name: str, text: str, expected: dict[str, object]) -> None:
    """Each form gives the same plain values."""
    path = tmp_path / name
    path.write_text(text)
    assert read_parameters(path, "prod").values == expected


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", '[{"ParameterKy": "Env"}]', "a.json:1"),
        ("a.json", '[{"ParameterKey": "Env"}]', "ParameterKey with ParameterValue"),
        ("a.json", "42", "expected a list of ParameterKey"),
        ("a.json", '{"Env": {"deep": 1}}', "text, a number"),
        ("a.json", '{"Env": ', "a.json:1"),
        ("a.yaml", "Env: prod\nEnv: dev\n", "a.yaml:2"),
        ("samconfig.toml", SAM.replace("prod", "qa"), r"no section \[prod\], expected one of default, qa"),
        ("samconfig.toml", "x = [", "TOML"),
    ],
)
def test_a_wrong_file_is_misuse(tmp_path: Path, name: str, text: str, words: str) -> None:
    """The message names the file, its line where there is one, and the form that is expected."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(MisuseError, match=words):
        read_parameters(path, "prod")


def test_a_missing_file_is_misuse(tmp_path: Path) -> None:
    """A parameter file that is not there is never the same as one without values."""
    with pytest.raises(MisuseError, match="No such file"):
        read_parameters(tmp_path / "prod.json")
