"""Workloads: they run with what is deployed, say what they lack, and end with their environment."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from selftest.emulator.edge_client import APP, Client
from stackproof import emulator
from stackproof.emulator import workloads
from stackproof.errors import MisuseError
from stackproof.system.loading import System, load_system

TEMPLATE = """
Parameters: {Word: {Type: String, Default: first}}
Resources:
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: {Name: shop/key, SecretString: '{"key": "from a secret"}'}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
  Cluster: {Type: AWS::ECS::Cluster}
  Tasks:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: shop
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: shop
          Image: shop
          Memory: 128
          Environment:
            - {Name: COLOUR, Value: plain}
            - {Name: WORD, Value: !Ref Word}
            - {Name: SSM, Value: "{{resolve:ssm:/shop/setting}}"}
          Secrets:
            - {Name: KEY, ValueFrom: !Sub "${Secret}:key::"}
            - {Name: SETTING, ValueFrom: /shop/setting}
  Shop:
    Type: AWS::ECS::Service
    Properties: {Cluster: !Ref Cluster, TaskDefinition: !Ref Tasks, DesiredCount: 1}
"""
SYSTEM = """
name: shop
stacks: [{{component: app, template: app.yml{parameters}}}]
environments: {{embedded: {{region: eu-west-1, emulated: true}}}}
workloads:
{workloads}
"""
SHOP = '  - {resource: app.Shop, run: "{python} app.py {host} {port}", folder: app, passes: [SHOP_FAULT]}'


def write(folder: Path, workloads: str = SHOP, parameters: str = "") -> System:
    (folder / "app.yml").write_text(TEMPLATE)
    (folder / "app").mkdir(exist_ok=True)
    (folder / "app/app.py").write_text((APP / "app.py").read_text())
    (folder / "system.yaml").write_text(SYSTEM.format(workloads=workloads, parameters=parameters))
    return load_system(folder / "system.yaml")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def shop(folder: Path) -> Iterator[emulator.Running]:
    """An environment with one service and its workload, started with a fault passed through."""
    before = os.environ.get("SHOP_FAULT")
    os.environ["SHOP_FAULT"] = "slow"
    os.environ["SHOP_OF_THE_RUN"] = "not passed on"
    running = emulator.start(write(folder), folder)
    yield running
    for name in ("SHOP_FAULT", "SHOP_OF_THE_RUN"):
        os.environ.pop(name)
    if before is not None:
        os.environ["SHOP_FAULT"] = before
    current = emulator.running(folder)
    (current or running).stop()


def variables(running: emulator.Running) -> dict[str, str]:
    with urllib3.PoolManager() as pool:
        found: dict[str, str] = pool.request("GET", f"{running.workloads[0].url}/x").json()["environment"]
    return found


def test_a_workload_gets_what_is_deployed(shop: emulator.Running) -> None:
    """Variables of the task definition, its secrets resolved, and what the run passes through; no more of the run."""
    found = variables(shop)
    deployed = {name: found[name] for name in ("COLOUR", "WORD", "KEY", "SETTING", "SHOP_FAULT")}
    assert deployed == {
        "COLOUR": "plain",
        "WORD": "first",
        "KEY": "from a secret",
        "SETTING": "put-in-by-hand",
        "SHOP_FAULT": "slow",
    }
    assert "SHOP_OF_THE_RUN" not in found
    assert (found["AWS_ENDPOINT_URL"], found["AWS_REGION"]) == (shop.endpoint, "eu-west-1")
    assert found["SSL_CA_FILE"] == str(shop.certificate)


def test_a_workload_acts_as_the_deployed_role(shop: emulator.Running) -> None:
    """Its credentials are those of the task's role."""
    import boto3

    found = variables(shop)
    keys = [found[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")]
    sts = boto3.client("sts", "eu-west-1", None, True, None, shop.endpoint, *keys)
    role = shop.client("iam").list_roles()["Roles"][0]["RoleName"]
    assert f":assumed-role/{role}/" in sts.get_caller_identity()["Arn"]


def test_an_unchanged_workload_is_kept_and_a_changed_one_started_anew(shop: emulator.Running, folder: Path) -> None:
    """Serving again keeps the process; another deployed variable ends it and starts one that has it."""
    same = emulator.serve(shop, write(folder))
    assert same.workloads == shop.workloads
    system = write(folder, parameters=", parameters: {Word: second}")
    plan = emulator.make_plan(system, "embedded", shop.account)
    changed = emulator.serve(emulator.deploy(same, plan), system)
    assert (variables(changed)["WORD"], changed.workloads[0].url != shop.workloads[0].url) == ("second", True)
    assert len(changed.processes) == len(shop.processes)
    assert changed.alive


def test_the_edge_follows_another_system(shop: emulator.Running, folder: Path) -> None:
    """A name that a later deployment brings is one of the edge's when serving has ended."""
    route53 = shop.client("route53")
    zone = route53.create_hosted_zone(Name="shop.test", CallerReference="shop")["HostedZone"]["Id"]
    value = [{"Value": "elsewhere.test"}]
    record = {"Name": "www.shop.test", "Type": "CNAME", "TTL": 60, "ResourceRecords": value}
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
    current = emulator.serve(emulator.running(folder) or shop, load_system(folder / "system.yaml"))
    assert current.edge is not None
    assert "www.shop.test" in current.edge.names
    client = Client(current)
    assert client.status()["unread"] == {}
    answer = client.ask("www.shop.test")
    client.close()
    assert (answer.status, "elsewhere.test" in answer.headers["X-Edge-Reason"]) == (502, True)


@pytest.mark.parametrize(
    ("workload", "message"),
    [
        ('{resource: app.Shop, run: "no-such-program {port}", install: apt-get shop}', "no program no-such-program"),
        ('{resource: app.Shop, run: "{python} -m no_such_module", install: pip x}', "No module named no_such_module"),
        ('{resource: app.Shop, run: "x", folder: nowhere, install: make shop}', "nowhere is not there"),
        ('{resource: app.Role, run: "x"}', "AWS::IAM::Role: nothing can run behind it"),
        ("{resource: app.Shop, files: app}", "`files` is for web applications"),
    ],
)
def test_what_is_missing_is_said(shop: emulator.Running, folder: Path, workload: str, message: str) -> None:
    """A workload that cannot run ends the command, with what is missing and how to get it."""
    current = emulator.running(folder) or shop
    with pytest.raises(emulator.EmulatorError) as raised:
        workloads.serve(current, write(folder, f"  - {workload}"))
    assert message in str(raised.value)
    assert "install" not in workload or workload.split("install: ")[1].rstrip("}") in str(raised.value)


def test_one_that_never_gets_healthy_is_said(
    shop: emulator.Running, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last answer is in the message."""
    monkeypatch.setattr(workloads, "PATIENCE", 1.5)
    script = "import http.server as h; h.HTTPServer((\\'{host}\\', {port}), h.BaseHTTPRequestHandler).serve_forever()"
    workload = f"  - resource: app.Shop\n    run: '{{python}} -c \"{script}\"'\n".replace("\\'", "''")
    with pytest.raises(emulator.EmulatorError, match=r"(?s)app.Shop is not ready after 2 s: /health answers 501"):
        workloads.serve(emulator.running(folder) or shop, write(folder, workload))


def test_mistakes_in_system_yaml_are_named(tmp_path: Path) -> None:
    """A stack that is not there, a resource twice, neither command nor files: each with its line."""
    with pytest.raises(MisuseError, match=r"system.yaml:6.*stack 'web'.*one of app"):
        write(tmp_path, '  - {resource: web.Shop, run: "x"}')
    with pytest.raises(MisuseError, match=r"system.yaml:7.*'app.Shop' again"):
        write(tmp_path, f"{SHOP}\n{SHOP}")
    with pytest.raises(MisuseError, match="either run or files"):
        write(tmp_path, "  - {resource: app.Shop}")


def test_no_process_is_left(tmp_path: Path) -> None:
    """When a workload cannot be started, all that had been started is ended; so it is when the environment ends."""
    system = write(tmp_path, f'{SHOP}\n  - {{resource: app.Role, run: "x"}}')
    with pytest.raises(emulator.EmulatorError):
        emulator.start(system, tmp_path)
    assert list((tmp_path / ".stackproof/embedded").glob("*.json")) == []
    running = emulator.start(write(tmp_path), tmp_path)
    roles = {process.role for process in running.processes}
    assert roles == {"aws", "database", "edge", "workload app.Shop"}
    running.stop()
    assert not any(process.alive for process in running.processes)


def test_a_system_without_workloads_has_none(tmp_path: Path) -> None:
    """Nothing but the parts of the environment itself runs."""
    write(tmp_path)
    text = (tmp_path / "system.yaml").read_text().partition("workloads:")[0]
    (tmp_path / "system.yaml").write_text(text)
    running = emulator.start(load_system(tmp_path / "system.yaml"), tmp_path)
    try:
        assert {process.role for process in running.processes} == {"aws", "database"}
        assert (running.edge, running.workloads) == (None, ())
        assert json.loads(running.state.read_text())["edge"] is None
    finally:
        running.stop()
