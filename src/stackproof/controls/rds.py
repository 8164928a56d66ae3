"""RDS: encryption, recovery and upkeep of database instances and clusters."""

from __future__ import annotations

from stackproof.model import Claim, Inventory, Resource, Severity, all_of, control
from stackproof.resources.rds import exports_logs

INSTANCE, CLUSTER = "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"


def _standalone(db: Resource) -> Claim:
    """An Aurora instance takes these settings from its cluster."""
    return db["DBClusterIdentifier"].absent()


def _primary(db: Resource) -> Claim:
    """A read replica takes these settings from its source."""
    return db["SourceDBInstanceIdentifier"].absent() & db["ReplicationSourceIdentifier"].absent()


@control(
    INSTANCE,
    CLUSTER,
    severity=Severity.HIGH,
    remediation="Set StorageEncrypted: true; an existing database needs a restore from an encrypted snapshot copy.",
    same_as=("CKV_AWS_16", "CKV_AWS_96"),
)
def rds_storage_encrypted(db: Resource, inventory: Inventory) -> Claim:
    """Whoever obtains the volume or a snapshot of an unencrypted database reads its data."""
    own = db["StorageEncrypted"].equals(expected=True)
    source = db["SourceDBInstanceIdentifier"]
    from_source = source.present() & inventory.follow(
        source, lambda primary: primary["StorageEncrypted"].equals(expected=True)
    )
    return (own | from_source).only_if(_standalone(db))


@control(
    INSTANCE,
    CLUSTER,
    severity=Severity.LOW,
    remediation="Set KmsKeyId to an AWS::KMS::Key of the system.",
)
def rds_own_key(db: Resource) -> Claim:
    """With the account's default key, access to the data cannot be granted, refused or audited on its own."""
    return db["KmsKeyId"].present().only_if(_standalone(db) & _primary(db))


@control(
    INSTANCE,
    CLUSTER,
    severity=Severity.MEDIUM,
    remediation="Set BackupRetentionPeriod to 7 days or more.",
)
def rds_backups_kept(db: Resource) -> Claim:
    """A mistake is often noticed days later; backups must reach back that far. One day is AWS's default."""
    return db["BackupRetentionPeriod"].at_least(7).only_if(_standalone(db) & _primary(db))


@control(
    INSTANCE,
    severity=Severity.MEDIUM,
    remediation="Set MultiAZ: true.",
    same_as=("CKV_AWS_157",),
)
def rds_multi_az(db: Resource) -> Claim:
    """A database in one zone is down as long as the zone is."""
    return db["MultiAZ"].equals(expected=True).only_if(_standalone(db) & _primary(db))


@control(
    INSTANCE,
    CLUSTER,
    severity=Severity.MEDIUM,
    remediation="Set DeletionProtection: true.",
)
def rds_deletion_protected(db: Resource) -> Claim:
    """One wrong command deletes an unprotected database together with its automated backups."""
    return db["DeletionProtection"].equals(expected=True).only_if(_standalone(db) & _primary(db))


@control(
    INSTANCE,
    severity=Severity.MEDIUM,
    remediation="Remove AutoMinorVersionUpgrade or set it to true.",
)
def rds_minor_upgrades(db: Resource) -> Claim:
    """Minor versions carry the security fixes; without them known holes stay open."""
    return db["AutoMinorVersionUpgrade"].equals(expected=True)


@control(
    INSTANCE,
    CLUSTER,
    severity=Severity.LOW,
    remediation="Set CopyTagsToSnapshot: true.",
)
def rds_snapshots_tagged(db: Resource) -> Claim:
    """A snapshot without tags has no owner, and tag-based access rules do not cover it."""
    return db["CopyTagsToSnapshot"].equals(expected=True).only_if(_standalone(db))


@control(
    INSTANCE,
    CLUSTER,
    severity=Severity.MEDIUM,
    remediation="List the engine's log in EnableCloudwatchLogsExports (postgresql for PostgreSQL).",
)
def rds_logs_exported(db: Resource) -> Claim:
    """Logs that stay on the instance are lost with it and cannot raise an alarm."""
    return exports_logs(db).only_if(_standalone(db))


@control(
    INSTANCE,
    severity=Severity.LOW,
    remediation="Set MonitoringInterval to 1, 5, 10, 15, 30 or 60 seconds and MonitoringRoleArn.",
    same_as=("CKV_AWS_118",),
)
def rds_enhanced_monitoring(db: Resource) -> Claim:
    """CloudWatch sees the database from outside; what starves it inside the machine shows only here."""
    return db["MonitoringInterval"].one_of(1, 5, 10, 15, 30, 60) & db["MonitoringRoleArn"].present()


@control(
    INSTANCE,
    CLUSTER,
    severity=Severity.MEDIUM,
    remediation="Set EnableIAMDatabaseAuthentication: true.",
    same_as=("CKV_AWS_161", "CKV_AWS_162"),
)
def rds_iam_authentication(db: Resource) -> Claim:
    """Short-lived tokens cannot be copied out of a configuration and used months later, as passwords can."""
    engine = db["Engine"].one_of("postgres", "mysql", "mariadb", "aurora-postgresql", "aurora-mysql")
    return db["EnableIAMDatabaseAuthentication"].equals(expected=True).only_if(_standalone(db) & engine)


@control(
    INSTANCE,
    CLUSTER,
    severity=Severity.LOW,
    remediation="Set MasterUsername to a name of your own, not admin or postgres.",
)
def rds_master_user_renamed(db: Resource) -> Claim:
    """A default name of the administrator leaves only the password to be guessed."""
    usual = db["MasterUsername"].one_of("admin", "postgres", "administrator", "root", "rdsadmin")
    return (~usual).only_if(_standalone(db) & _primary(db) & db["MasterUsername"].present())


@control(
    INSTANCE,
    severity=Severity.LOW,
    remediation="Add an AWS::RDS::EventSubscription for db-instance events with maintenance, failure and "
    "configuration change, or without EventCategories.",
)
def rds_events_notified(db: Resource, inventory: Inventory) -> Claim:
    """A failover, a full disk or a forced maintenance that nobody hears of is found out by the users."""
    subscriptions = inventory.of_type("AWS::RDS::EventSubscription")

    def hears(subscription: Resource) -> Claim:
        categories = subscription["EventCategories"]
        about = subscription["SourceType"].absent() | subscription["SourceType"].equals("db-instance")
        wanted = ("maintenance", "failure", "configuration change")
        complete = categories.absent() | all_of(categories.contains(name) for name in wanted)
        return about & complete & ~subscription["Enabled"].equals(expected=False)

    return subscriptions.any(hears).only_if(_primary(db))
