"""Documented defaults of RDS and DocumentDB, and what their engines listen on, log and require by default."""

from __future__ import annotations

import re
from typing import Final

from stackproof.model import ABSENT, Cause, Claim, Fact, Inventory, Resource, Unknown, Value, any_of
from stackproof.model.matching import Answer, readable

# All from the API references (CreateDBInstance, CreateDBCluster) unless said otherwise.
DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    "AWS::RDS::DBInstance": {
        "StorageEncrypted": False,
        "BackupRetentionPeriod": 1,
        "MultiAZ": False,
        "DeletionProtection": False,
        "CopyTagsToSnapshot": False,
        "AutoMinorVersionUpgrade": True,
        "EnableIAMDatabaseAuthentication": False,
        "MonitoringInterval": 0,
        "ManageMasterUserPassword": False,
    },
    "AWS::RDS::DBCluster": {
        "StorageEncrypted": False,
        "BackupRetentionPeriod": 1,
        "DeletionProtection": False,
        "CopyTagsToSnapshot": False,
        "EnableIAMDatabaseAuthentication": False,
        "ManageMasterUserPassword": False,
    },
    "AWS::DocDB::DBCluster": {
        "StorageEncrypted": False,
        "BackupRetentionPeriod": 1,
        "DeletionProtection": False,
        "ManageMasterUserPassword": False,
    },
    "AWS::DocDB::DBInstance": {"AutoMinorVersionUpgrade": True},
}

# RDS User Guide, CreateDBInstance `Port`, and DocumentDB's API reference.
_PORTS: Final = {"postgres": 5432, "mysql": 3306, "mariadb": 3306, "oracle": 1521, "sqlserver": 1433, "db2": 50000}
_DOCUMENTDB_PORT: Final = 27017

# RDS User Guide, "Publishing database logs to CloudWatch Logs": the log that Security Hub asks for, per engine.
_LOGS: Final = {
    "aurora-postgresql": ("postgresql",),
    "aurora-mysql": ("audit", "error", "general", "slowquery"),
    "postgres": ("postgresql",),
    "mysql": ("error", "audit", "general", "slowquery"),
    "mariadb": ("error", "audit", "general", "slowquery"),
    "oracle": ("alert", "audit", "trace", "listener"),
    "sqlserver": ("error", "agent"),
    "db2": ("diag.log", "notify.log"),
}

# The parameter that refuses unencrypted connections, per engine, and the major version from which it is on by default.
# PostgreSQL: RDS User Guide, "Requiring an SSL connection"; MySQL, MariaDB: "Requiring SSL/TLS for all connections".
_TLS: Final[dict[str, tuple[str, float | None]]] = {
    "postgres": ("rds.force_ssl", 15),
    "aurora-postgresql": ("rds.force_ssl", 17),
    "mysql": ("require_secure_transport", None),
    "mariadb": ("require_secure_transport", 11.8),
    "aurora-mysql": ("require_secure_transport", None),
    "sqlserver": ("rds.force_ssl", None),
}


def default_port(database: Resource, inventory: Inventory) -> int | Unknown:
    """Return the port that the database listens on when none is set; unknown where the engine is.

    A read replica without an engine of its own listens as its source does.
    """
    source = database["SourceDBInstanceIdentifier"]
    if database["Engine"].value is ABSENT and source.value is not ABSENT:
        primary = inventory.target(source)
        return primary if isinstance(primary, Unknown) else default_port(primary, inventory)
    if database.type.startswith("AWS::DocDB"):
        return _DOCUMENTDB_PORT
    unknown = Unknown(Cause.UNSUPPORTED_TYPE, f"the port of engine {database['Engine'].value}")
    why = readable(database["Engine"].value)
    known = next((port for engine, port in _PORTS.items() if engine in _engine(database)), None)
    return known or (why if isinstance(why, Unknown) else unknown)


def exports_logs(database: Resource) -> Claim:
    """Hold when a log that its engine has is exported; for an engine that is not listed here, when any is."""
    exported = database["EnableCloudwatchLogsExports"]
    engine = _engine(database)
    logs = next((logs for name, logs in _LOGS.items() if engine.startswith(name)), ())
    if logs:
        return any_of(exported.contains(name) for name in logs)
    return exported.present() & database["Engine"].claim("a known engine", lambda _: _is_known(database["Engine"]))


def requires_tls(database: Resource, group_property: str, inventory: Inventory) -> Claim:
    """Hold when the parameter group, or the engine version's default without one, refuses unencrypted connections."""
    engine = _engine(database)
    known = next(((name, since) for prefix, (name, since) in _TLS.items() if engine.startswith(prefix)), None)
    if known is None:
        return ~database["Engine"].claim("another engine", lambda _: _is_known(database["Engine"]))
    name, since = known
    pointer = database[group_property]
    version = database["EngineVersion"]
    by_default = version.claim(f"a version that requires TLS by default ({since})", lambda v: _from_version(v, since))

    def in_group(group: Resource) -> Claim:
        value = group["Parameters"][name]
        return value.one_of(1, "ON", "true") | (value.absent() & by_default)

    return (pointer.present() & inventory.follow(pointer, in_group)) | (pointer.absent() & by_default)


def _engine(database: Resource) -> str:
    value = readable(database["Engine"].value)
    return value if isinstance(value, str) else ""


def _is_known(engine: Fact) -> Answer:
    value = readable(engine.value)
    return value if isinstance(value, Unknown) else True


def _from_version(value: Value, since: float | None) -> Answer:
    text = readable(value)
    if isinstance(text, Unknown):
        return text
    match = re.match(r"\d+(\.\d+)?", str(text))
    if since is None or match is None:
        return False
    return float(match[0] if "." in str(since) else match[0].partition(".")[0]) >= since
