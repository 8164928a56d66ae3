"""What the deployment strategy gets wrong."""

from __future__ import annotations

from typing import Final

from selftest.mdreader.copies import Edit
from selftest.mdreader.flaws import Flaw, caught, file_of

_ERROR_RATE: Final = Flaw(
    "MDR-ALARM-2",
    "metric math without ids",
    (
        Edit(
            file_of("monitoring"),
            ("  ApiErrorRateWarning:", "Metrics:"),
            "EvaluationPeriods:",
            r"""
            Metrics:
              - Expression: "SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Errors\"', 'Sum', 300)"
              - Expression: "SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Invocations\"', 'Sum', 300)"
              - Expression: "(m1 / m2) * 100"
            """,
        ),
    ),
    caught(
        "monitoring",
        "ApiErrorRateWarning",
        {
            "alarm-api-error-rate": ("Metrics:", "Expression:"),
            "alarm-error-rate-can-be-created": ("Metrics:", "Expression:"),
            "alarm-math-is-complete": ("Metrics:", "Expression:"),
            "alarm-math-returns-one-series": ("Metrics:", "Invocations"),
        },
    ),
)

_SECRET: Final = Flaw(
    "MDR-SECRET-1",
    "password passed in, secret made of it, no rotation",
    (
        Edit(
            file_of("data"),
            ("Parameters:",),
            "Environment:",
            """\
            Parameters:
              DBUsername:
                Type: String
              DBPassword:
                Type: String
            """,
        ),
        Edit(
            "parameters/prod.json",
            ("[",),
            '"Environment"',
            """\
            [
              {"ParameterKey": "DBUsername", "ParameterValue": "mdreader"},
              {"ParameterKey": "DBPassword", "ParameterValue": "correct-horse-7"},
            """,
        ),
        Edit(
            file_of("data"),
            ("  DatabaseSecret:", "GenerateSecretString:"),
            "Tags:",
            """\
            SecretString: !Sub |
              {
                "username": "${DBUsername}",
                "password": "${DBPassword}",
                "host": "${Database.Endpoint.Address}",
                "port": "${Database.Endpoint.Port}",
                "database": "mdreader"
              }
            """,
        ),
        Edit(
            file_of("data"),
            ("  Database:", "MasterUsername:"),
            "EnableIAMDatabaseAuthentication:",
            """\
            MasterUsername: !Ref DBUsername
            MasterUserPassword: !Ref DBPassword
            """,
        ),
        Edit(file_of("data"), ("  DatabaseSecretAttachment:",), "  DatabaseSubnets:"),
        Edit(file_of("data"), ("  DatabaseRotation:",), "  RedisRotation:"),
    ),
    (
        *caught(
            "data",
            "DatabaseSecret",
            {
                "database-secret-is-generated": ("SecretString:",),
                "secret-is-generated": ("SecretString:",),
                "secret-rotates": (),
            },
        ),
        *caught(
            "data",
            "Database",
            {
                "database-password-is-a-reference": (),
                "rds-password-generated": (),
                "no-credentials-in-templates": ("MasterUserPassword:",),
            },
        ),
    ),
)

_ROLE: Final = Flaw(
    "MDR-IAM-1",
    "files, secrets and database on *",
    (
        Edit(
            file_of("backend"),
            ("  BackendRole:", "- Sid: Secrets"),
            "- Sid: PeopleOfThisPool",
            """\
            - Effect: Allow
              Action:
                - rds-db:connect
                - secretsmanager:GetSecretValue
                - s3:GetObject
                - s3:PutObject
                - s3:DeleteObject
                - logs:CreateLogGroup
                - logs:CreateLogStream
                - logs:PutLogEvents
              Resource: '*'
            """,
        ),
    ),
    caught(
        "backend",
        "BackendRole",
        {
            "backend-role-data-actions-scoped": ("Resource: '*'",),
            "iam-data-actions-scoped": ("Resource: '*'",),
        },
    ),
)

_COLOURS: Final = Flaw(
    "MDR-BG-1",
    "CNAME with an alias target",
    (
        Edit(file_of("routing"), ("  BlueRecord:", "Name:", "Type: A"), "SetIdentifier:", "Type: CNAME\n"),
        Edit(file_of("routing"), ("  GreenRecord:", "Name:", "Type: A"), "SetIdentifier:", "Type: CNAME\n"),
    ),
    tuple(
        found
        for record in ("BlueRecord", "GreenRecord")
        for found in caught(
            "routing",
            record,
            {"colours-are-weighted": ("Type: CNAME",), "route53-alias-or-values": ("Type: CNAME",)},
        )
    ),
)

FLAWS: Final = (_ERROR_RATE, _SECRET, _ROLE, _COLOURS)
