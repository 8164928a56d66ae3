"""The vocabulary: values, facts, claims, resources, controls and findings. Imports nothing else of ours."""

from stackproof.model.claims import Claim, Evidence, Where, all_of, any_of, not_applicable
from stackproof.model.controls import Control, Demand, control
from stackproof.model.documents import Document
from stackproof.model.facts import Fact, Origin
from stackproof.model.findings import Finding, Outcome, Severity
from stackproof.model.inventory import Gap, Inventory, Resource, Selection
from stackproof.model.values import ABSENT, Absent, Cause, Reference, Text, Unknown, Value

__all__ = [
    "ABSENT",
    "Absent",
    "Cause",
    "Claim",
    "Control",
    "Demand",
    "Document",
    "Evidence",
    "Fact",
    "Finding",
    "Gap",
    "Inventory",
    "Origin",
    "Outcome",
    "Reference",
    "Resource",
    "Selection",
    "Severity",
    "Text",
    "Unknown",
    "Value",
    "Where",
    "all_of",
    "any_of",
    "control",
    "not_applicable",
]
