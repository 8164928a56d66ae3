"""`stackproof init`: a draft that loads and ends in an honest verdict; nothing is overwritten or dropped."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from selftest.plugin.projects import DATA, NETWORK, Project, Ran, new_project
from stackproof.system.loading import System, load_system

# The importer comes first by name, so only what it imports can put it behind.
FILES = {
    "infrastructure/app.yml": DATA,
    "infrastructure/network.yml": NETWORK,
    "parameters/dev.json": '[{"ParameterKey": "Environment", "ParameterValue": "dev"}]',
    "parameters/prod.json": '[{"ParameterKey": "Environment", "ParameterValue": "prod"}]',
}
PARENT = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: child.yml}
"""
BUCKET = 'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n  Uploads:\n    Type: AWS::S3::Bucket\n'
BROKEN = 'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n  A: [\n'
INIT = (sys.executable, "-m", "stackproof.cli", "init")


def lay(tmp_path: Path, files: dict[str, str]) -> Project:
    root = tmp_path / "shop"
    root.mkdir()
    return new_project(root, tmp_path / "cache", files)


def init(project: Project, path: str = "infrastructure", **variables: str) -> Ran:
    return project.run(*INIT, path, **{"AWS_REGION": "", "AWS_DEFAULT_REGION": "", **variables})


def drafted(project: Project, path: str = "infrastructure", **variables: str) -> System:
    ran = init(project, path, **variables)
    assert ran.code == 0, ran.said
    return load_system(project.root / "system.yaml")


def stacks(system: System) -> list[tuple[str, str]]:
    return [(stack.component, stack.layer) for stack in system.file.stacks]


def parameters(system: System) -> dict[str, list[str]]:
    return {name: environment.parameters for name, environment in system.file.environments.items()}


def test_a_draft_runs_and_ends_in_the_verdict_that_the_templates_deserve(tmp_path: Path) -> None:
    """The gate runs on the draft as it is: the import is followed, and dev's unencrypted database fails in dev only."""
    project = lay(tmp_path, FILES)
    system = drafted(project, AWS_REGION="eu-west-1")
    assert system.file.name == "shop"
    assert stacks(system) == [("network", "layer-1"), ("app", "layer-2")]
    assert parameters(system) == {"dev": ["parameters/dev.json"], "prod": ["parameters/prod.json"]}
    assert {environment.region for environment in system.file.environments.values()} == {"eu-west-1"}
    ran = project.gate("--environment", "all")
    assert ran.code == 1, ran.said
    for environment, encrypted in (("dev", "fail"), ("prod", "pass")):
        found = project.result(environment)["findings"]
        said = {(finding["control"], finding["resource"]): finding["outcome"] for finding in found}
        assert said["rds-storage-encrypted", "app.Database"] == encrypted
        assert said["stack-imports-from-earlier-layers", "app"] == "pass"


def test_the_command_says_what_it_wrote_and_what_to_run(tmp_path: Path) -> None:
    """Every file is named, and the last line is a command that can be pasted."""
    ran = init(lay(tmp_path, FILES))
    assert [line.split()[:2] for line in ran.out.splitlines()[:4]] == [
        ["wrote", "system.yaml:"],
        ["wrote", "tests/unit/test_templates.py"],
        ["wrote", "tests/integration/test_deployment.py"],
        ["wrote", "pytest.ini"],
    ]
    assert ran.out.splitlines()[-1].strip() == "pytest -m unit --environment all"


def test_without_parameter_files_what_has_no_value_is_unknown(tmp_path: Path) -> None:
    """There is one environment; stacks are in order all the same, and nothing undecided passes for it."""
    project = lay(tmp_path, {name: text for name, text in FILES.items() if name.endswith(".yml")})
    system = drafted(project)
    assert stacks(system) == [("network", "layer-1"), ("app", "layer-2")]
    assert parameters(system) == {"prod": []}
    assert "us-east-1" in (project.root / "system.yaml").read_text()
    assert project.gate("--evidence", "required").code == 1
    [encrypted] = [f for f in project.result("prod")["findings"] if f["control"] == "rds-storage-encrypted"]
    assert (encrypted["outcome"], encrypted["cause"]) == ("unknown", "unresolved-parameter")


@pytest.mark.parametrize(
    ("name", "content", "environments"),
    [
        ("dev.params.json", '{"Parameters": {"Environment": "dev"}}', {"dev": ["dev.params.json"]}),
        ("params-dev.json", '["Environment=dev"]', {"dev": ["params-dev.json"]}),
        ("parameters/app-dev.yaml", "Environment: dev", {"dev": ["parameters/app-dev.yaml"]}),
        ("parameters.json", '{"Environment": "dev"}', {"prod": ["parameters.json"]}),
        (
            "infrastructure/samconfig.toml",
            'version = 0.1\n[dev.deploy.parameters]\nparameter_overrides = "Environment=dev"\n'
            '[test.deploy.parameters]\nparameter_overrides = ["Environment=test"]\n',
            {"dev": ["infrastructure/samconfig.toml"], "test": ["infrastructure/samconfig.toml"]},
        ),
        ("parameters/colours.json", '{"Background": "red"}', {"prod": []}),
        ("package.json", '{"Environment": "dev"}', {"prod": []}),
    ],
)
def test_parameter_files_are_recognised(
    tmp_path: Path, name: str, content: str, environments: dict[str, list[str]]
) -> None:
    """By their usual names and forms, and by giving a parameter that a template declares."""
    files = {"infrastructure/app.yml": DATA, "infrastructure/network.yml": NETWORK, name: content}
    assert parameters(drafted(lay(tmp_path, files))) == environments


def test_a_parameter_file_that_is_not_taken_is_named(tmp_path: Path) -> None:
    """On the terminal and in the draft, with the reason."""
    project = lay(tmp_path, {**FILES, "parameters/test.json": "[1, 2"})
    ran = init(project)
    assert "parameters/test.json" in ran.err
    assert "parameters/test.json" in (project.root / "system.yaml").read_text()
    assert set(parameters(load_system(project.root / "system.yaml"))) == {"dev", "prod"}


def test_files_that_disagree_about_a_parameter_are_named(tmp_path: Path) -> None:
    """Of two files for one environment the last wins for every stack, which may not be meant."""
    given = {"parameters/app-dev.json": '{"Environment": "dev"}', "parameters/network-dev.json": '{"Environment": "d"}'}
    ran = init(lay(tmp_path, {"infrastructure/app.yml": DATA, "infrastructure/network.yml": NETWORK, **given}))
    assert "dev: its parameter files differ in Environment" in ran.err


def test_a_template_that_does_not_parse_is_drafted_all_the_same(tmp_path: Path) -> None:
    """It is a stack of the draft, so that the gate says unknown of it, with the place of the mistake in a comment."""
    project = lay(tmp_path, {**FILES, "infrastructure/broken.yml": BROKEN})
    ran = init(project)
    assert ran.code == 0, ran.said
    text = (project.root / "system.yaml").read_text()
    assert "\n  - {component: broken, template: infrastructure/broken.yml}" in text
    assert "infrastructure/broken.yml:" in ran.err
    assert [name for name, _ in stacks(load_system(project.root / "system.yaml"))] == ["network", "app", "broken"]


@pytest.mark.parametrize("files", [{}, {"infrastructure/notes.yml": "a: 1\n"}, {"infrastructure/broken.yml": BROKEN}])
def test_without_a_template_nothing_is_written(tmp_path: Path, files: dict[str, str]) -> None:
    """No template, or none that can be read: exit 4 and one line that says so."""
    project = lay(tmp_path, files)
    (project.root / "infrastructure").mkdir(exist_ok=True)
    ran = init(project)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith("stackproof: infrastructure: got no template")
    assert [path.name for path in project.root.iterdir()] == ["infrastructure"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """An existing system.yaml ends the command; an existing suite and configuration of pytest stay as they are."""
    project = lay(tmp_path, {**FILES, "system.yaml": "mine"})
    ran = init(project)
    assert (ran.code, (project.root / "system.yaml").read_text()) == (4, "mine")
    assert "system.yaml" in ran.err
    assert not (project.root / "tests").exists()
    (project.root / "system.yaml").unlink()
    project.put("tests/unit/test_templates.py", "# mine\n")
    project.put("pyproject.toml", "[tool.pytest.ini_options]\n")
    assert init(project).code == 0
    assert (project.root / "tests/unit/test_templates.py").read_text() == "# mine\n"
    assert not (project.root / "pytest.ini").exists()


def test_a_system_of_its_own_is_drafted_in_its_folder(tmp_path: Path) -> None:
    """Under systems/NAME the draft lies there, named after the folder; the suite lies in the project."""
    files = {f"systems/web-shop/{name}": text for name, text in FILES.items()}
    project = lay(tmp_path, {**files, "system.yaml": "other"})
    ran = init(project, "systems/web-shop/infrastructure")
    system = load_system(project.root / "systems/web-shop/system.yaml")
    assert (system.file.name, stacks(system)[0][0]) == ("web-shop", "network")
    assert "pytest -m unit --system systems/web-shop/system.yaml --environment all" in ran.out
    assert (project.root / "tests/unit/test_templates.py").is_file()


def test_a_nested_template_is_judged_within_its_parent(tmp_path: Path) -> None:
    """It is no stack of its own, and the draft says whose part it is."""
    project = lay(tmp_path, {"infrastructure/child.yml": BUCKET, "infrastructure/parent.yml": PARENT})
    assert stacks(drafted(project)) == [("parent", "")]
    assert "infrastructure/child.yml is judged as a part of parent" in (project.root / "system.yaml").read_text()


def test_stacks_that_import_from_each_other_are_drafted_without_layers(tmp_path: Path) -> None:
    """No order is right, so the order of the files stays; the circle is named."""

    def crossed(exported: str, imported: str) -> str:
        value = f"Outputs:\n  Out:\n    Value: !ImportValue {imported}\n    Export: {{Name: {exported}}}\n"
        return BUCKET + value

    ran = init(
        project := lay(tmp_path, {"infrastructure/a.yml": crossed("x", "y"), "infrastructure/b.yml": crossed("y", "x")})
    )
    assert stacks(load_system(project.root / "system.yaml")) == [("a", ""), ("b", "")]
    assert "import from each other" in ran.err


def test_a_name_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    """YAML cannot hold it: such a template is named as not judged, such a parameter file as not taken."""
    project = lay(tmp_path, FILES)
    try:
        (project.root / "infrastructure/b\udcff.yml").write_text(BUCKET)
        (project.root / "parameters/p\udcff.json").write_text('{"Environment": "dev"}')
    except OSError:
        pytest.skip("this file system takes only text as names")
    ran = init(project)
    assert ran.code == 0, ran.said
    assert "NOT JUDGED" in ran.err
    assert "not taken as a parameter file: parameters/p" in ran.err
    system = load_system(project.root / "system.yaml")
    assert (len(system.file.stacks), len(system.file.environments)) == (2, 2)


def test_odd_names_load(tmp_path: Path) -> None:
    """Names with spaces, quotes, letters of other scripts, words of YAML, and the same name twice."""
    names = ("on.yml", "1 it's, {odd}: #ü.yml", "a/template.yml", "b/template.yml", "b/Template.json.template")
    project = lay(tmp_path, {f"infrastructure/{name}": BUCKET for name in names})
    system = drafted(project)
    assert {stack.template for stack in system.file.stacks} == {f"infrastructure/{name}" for name in names}
    assert {"on", "a-template", "b-template"} <= {stack.component for stack in system.file.stacks}
