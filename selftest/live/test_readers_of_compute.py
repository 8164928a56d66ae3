"""Functions, containers, roles, alarms and logs."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from selftest.live.seeding import ACCOUNT, TRUST, Lab, expect, read
from stackproof.model import Cause, Unknown
from stackproof.sources.live import Aws
from stackproof.sources.live.parts import GoneError, NoHintError
from stackproof.sources.live.redaction import MARK

ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def code() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("main.py", "def run(event, context): return 1")
    return made.getvalue()


def test_a_role_has_its_policies(aws: Aws, lab: Lab) -> None:
    """Inline policies, attached ones and trust; a policy that is a resource of its own is left out of the role."""
    iam = lab("iam")
    boundary = iam.create_policy(PolicyName="limit", PolicyDocument=json.dumps(ALLOW))["Policy"]["Arn"]
    iam.create_role(
        RoleName="worker", AssumeRolePolicyDocument=TRUST, MaxSessionDuration=7200, PermissionsBoundary=boundary
    )
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=json.dumps(ALLOW))
    iam.attach_role_policy(RoleName="worker", PolicyArn=boundary)
    found = read(aws, "AWS::IAM::Role", "worker")
    expect(
        found,
        {
            "RoleName": "worker",
            "AssumeRolePolicyDocument": json.loads(TRUST),
            "Policies": [{"PolicyName": "own", "PolicyDocument": ALLOW}],
            "ManagedPolicyArns": [boundary],
            "PermissionsBoundary": boundary,
            "MaxSessionDuration": 7200,
            "Path": "/",
        },
    )
    assert f"arn:aws:iam::{ACCOUNT}:role/worker" in found.names
    managed = read(aws, "AWS::IAM::ManagedPolicy", boundary)
    expect(managed, {"PolicyDocument": ALLOW, "Roles": ["worker"], "ManagedPolicyName": "limit"}, absent=("Users",))
    inline = read(aws, "AWS::IAM::Policy", "odd", {"PolicyName": "own", "Roles": ["worker"]})
    expect(inline, {"PolicyName": "own", "PolicyDocument": ALLOW, "Roles": ["worker"]})
    with pytest.raises(GoneError):
        read(aws, "AWS::IAM::Policy", "odd", {"PolicyName": "other", "Roles": ["worker"]})
    with pytest.raises(NoHintError):
        read(aws, "AWS::IAM::Policy", "odd")


def test_a_function_with_its_secrets_taken_out(aws: Aws, lab: Lab) -> None:
    """A variable that looks like a secret is marked as one, and the value is nowhere; pointers at secrets stay."""
    lab("iam").create_role(RoleName="runner", AssumeRolePolicyDocument=TRUST)
    client = lab("lambda")
    secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf"
    made = client.create_function(
        FunctionName="back",
        Runtime="python3.12",
        Handler="main.run",
        Role=f"arn:aws:iam::{ACCOUNT}:role/runner",
        Code={"ZipFile": code()},
        Timeout=20,
        MemorySize=512,
        TracingConfig={"Mode": "Active"},
        Environment={"Variables": {"STAGE": "prod", "DB_PASSWORD": "hunter2hunter2", "SECRET_ARN": secret}},
        Publish=True,
        Tags={"Team": "a"},
    )
    client.put_function_concurrency(FunctionName="back", ReservedConcurrentExecutions=5)
    client.create_alias(FunctionName="back", Name="live", FunctionVersion="1")
    client.add_permission(
        FunctionName="back",
        StatementId="from-api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api/*",
    )
    found = read(aws, "AWS::Lambda::Function", "back")
    expect(
        found,
        {
            "Runtime": "python3.12",
            "Timeout": 20,
            "MemorySize": 512,
            "TracingConfig": {"Mode": "Active"},
            "ReservedConcurrentExecutions": 5,
            "Environment": {"Variables": {"STAGE": "prod", "DB_PASSWORD": MARK, "SECRET_ARN": secret}},
            "Tags": [{"Key": "Team", "Value": "a"}],
            "Code": Unknown(Cause.WRITE_ONLY, "Code"),
        },
        absent=("VpcConfig", "Layers", "DeadLetterConfig"),
    )
    assert "hunter2" not in json.dumps([aws.ledger.answer(entry) for entry in aws.ledger.entries])
    arn = made["FunctionArn"].removesuffix(":1")
    expect(read(aws, "AWS::Lambda::Version", f"{arn}:1"), {"FunctionName": "back"})
    expect(
        read(aws, "AWS::Lambda::Alias", f"{arn}:live"), {"Name": "live", "FunctionName": "back", "FunctionVersion": "1"}
    )
    allowed = read(aws, "AWS::Lambda::Permission", "from-api", {"FunctionName": "back"})
    expect(
        allowed,
        {
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api/*",
        },
        absent=("SourceAccount",),
    )
    with pytest.raises(GoneError):
        read(aws, "AWS::Lambda::Permission", "another", {"FunctionName": "back"})


def test_a_service_its_cluster_and_task(aws: Aws, lab: Lab) -> None:
    """ECS writes everything in lower case."""
    ecs = lab("ecs")
    cluster = ecs.create_cluster(clusterName="main", settings=[{"name": "containerInsights", "value": "enabled"}])
    task = ecs.register_task_definition(
        family="web",
        cpu="512",
        memory="1024",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/task",
        containerDefinitions=[
            {
                "name": "app",
                "image": "repo@sha256:ab",
                "readonlyRootFilesystem": True,
                "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
                "environment": [{"name": "MODE", "value": "prod"}, {"name": "API_TOKEN", "value": "abc"}],
            }
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    service = ecs.create_service(
        cluster="main", serviceName="web", taskDefinition=task, desiredCount=2, launchType="FARGATE"
    )["service"]["serviceArn"]
    found = read(aws, "AWS::ECS::Cluster", "main")
    expect(found, {"ClusterName": "main", "ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]})
    defined = read(aws, "AWS::ECS::TaskDefinition", task)
    wanted = {"Cpu": "512", "Memory": "1024", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"]}
    expect(defined, {**wanted, "Family": "web", "TaskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/task"})
    container = "ContainerDefinitions[0]"
    assert defined.value(f"{container}.Image") == "repo@sha256:ab"
    assert defined.value(f"{container}.ReadonlyRootFilesystem") is True
    assert defined.value(f"{container}.PortMappings[0].ContainerPort") == 8080
    environment = [{"Name": "MODE", "Value": "prod"}, {"Name": "API_TOKEN", "Value": MARK}]
    assert defined.value(f"{container}.Environment") == environment
    run = read(aws, "AWS::ECS::Service", service)
    wanted = {"TaskDefinition": task, "LaunchType": "FARGATE", "Cluster": cluster["cluster"]["clusterArn"]}
    expect(run, {**wanted, "DesiredCount": 2, "ServiceName": "web"})
    with pytest.raises(GoneError):
        read(aws, "AWS::ECS::Cluster", "none")


def test_scaling_of_a_service(aws: Aws, lab: Lab) -> None:
    """The physical id of a target has three parts."""
    lab("ecs").create_cluster(clusterName="grow")
    task = lab("ecs").register_task_definition(
        family="grow", containerDefinitions=[{"name": "a", "image": "i", "memory": 64}]
    )
    arn = task["taskDefinition"]["taskDefinitionArn"]
    lab("ecs").create_service(cluster="grow", serviceName="web", taskDefinition=arn, desiredCount=1)
    scaling = lab("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/grow/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=2, MaxCapacity=8)
    config = {
        "TargetValue": 60.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    }
    policy = scaling.put_scaling_policy(
        **target, PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=config
    )["PolicyARN"]
    key = "service/grow/web|ecs:service:DesiredCount|ecs"
    expect(
        read(aws, "AWS::ApplicationAutoScaling::ScalableTarget", key), {**target, "MinCapacity": 2, "MaxCapacity": 8}
    )
    found = read(aws, "AWS::ApplicationAutoScaling::ScalingPolicy", policy)
    expect(found, {"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "ScalingTargetId": key})
    assert found.value("TargetTrackingScalingPolicyConfiguration.TargetValue") == 60.0


def test_a_repository_has_its_settings(aws: Aws, lab: Lab) -> None:
    """Policies that are not there are absent."""
    selection = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5}
    rules = json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})
    ecr = lab("ecr")
    ecr.create_repository(
        repositoryName="web", imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True}
    )
    ecr.put_lifecycle_policy(repositoryName="web", lifecyclePolicyText=rules)
    found = read(aws, "AWS::ECR::Repository", "web")
    scan = {"ImageScanningConfiguration": {"ScanOnPush": True}}
    wanted = {"RepositoryName": "web", "ImageTagMutability": "IMMUTABLE", **scan}
    expect(
        found, {**wanted, "LifecyclePolicy": {"LifecyclePolicyText": rules}}, absent=("RepositoryPolicyText", "Tags")
    )


def test_alarms_dashboards_and_log_groups(aws: Aws, lab: Lab) -> None:
    """Alarms with one metric and with several; empty lists are absent."""
    watch, logs = lab("cloudwatch"), lab("logs")
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts"
    watch.put_metric_alarm(
        AlarmName="slow",
        Namespace="AWS/Lambda",
        MetricName="Duration",
        Dimensions=[{"Name": "FunctionName", "Value": "back"}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=3,
        Threshold=1000,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
        TreatMissingData="notBreaching",
    )
    stat = {"Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": []}, "Period": 60, "Stat": "Sum"}
    watch.put_metric_alarm(
        AlarmName="rate",
        Metrics=[
            {"Id": "m", "MetricStat": stat, "ReturnData": False},
            {"Id": "e", "Expression": "m / 60", "Label": "rate", "ReturnData": True},
        ],
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
    )
    watch.put_dashboard(DashboardName="all", DashboardBody=json.dumps({"widgets": []}))
    slow = read(aws, "AWS::CloudWatch::Alarm", "slow")
    expect(
        slow,
        {
            "Namespace": "AWS/Lambda",
            "Dimensions": [{"Name": "FunctionName", "Value": "back"}],
            "Period": 60,
            "Threshold": 1000,
            "AlarmActions": [topic],
            "TreatMissingData": "notBreaching",
            "ActionsEnabled": True,
        },
        absent=("OKActions", "Metrics"),
    )
    rate = read(aws, "AWS::CloudWatch::Alarm", "rate")
    assert rate.value("Metrics[1].Expression") == "m / 60"
    assert rate.value("Metrics[0].MetricStat.Metric.MetricName") == "M"
    dashboard = read(aws, "AWS::CloudWatch::Dashboard", "all")
    expect(dashboard, {"DashboardName": "all", "DashboardBody": '{"widgets": []}'})
    logs.create_log_group(logGroupName="/app", tags={"Team": "a"})
    logs.put_retention_policy(logGroupName="/app", retentionInDays=90)
    logs.put_resource_policy(policyName="dns", policyDocument=json.dumps(ALLOW))
    group = read(aws, "AWS::Logs::LogGroup", "/app")
    wanted = {"LogGroupName": "/app", "RetentionInDays": 90, "Tags": [{"Key": "Team", "Value": "a"}]}
    expect(group, wanted, absent=("KmsKeyId",))
    assert f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/app" in group.names
    expect(read(aws, "AWS::Logs::ResourcePolicy", "dns"), {"PolicyName": "dns"})
    for type_ in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::Logs::LogGroup"):
        with pytest.raises(GoneError):
            read(aws, type_, "not-there")
