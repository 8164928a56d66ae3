"""Step Functions: what a workflow leaves behind to be understood by."""

from __future__ import annotations

from stackproof.model import Claim, Resource, Severity, control

MACHINE = "AWS::StepFunctions::StateMachine"


@control(
    MACHINE,
    severity=Severity.MEDIUM,
    remediation="Set LoggingConfiguration with Level: ERROR or ALL and a log group under Destinations.",
)
def stepfunctions_logged(machine: Resource) -> Claim:
    """A failed step shows its cause only in the log; an express workflow keeps no history at all."""
    logging = machine["LoggingConfiguration"]
    return logging["Level"].one_of("ALL", "ERROR", "FATAL") & logging["Destinations"].present()


@control(
    MACHINE,
    severity=Severity.LOW,
    remediation="Set TracingConfiguration.Enabled: true.",
)
def stepfunctions_traced(machine: Resource) -> Claim:
    """Without traces nobody sees in which step a slow run spent its time."""
    return machine["TracingConfiguration"]["Enabled"].equals(expected=True)
