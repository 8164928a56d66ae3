"""CloudTrail, ACM and the account's watchers: documented defaults."""

from __future__ import annotations

from typing import Final

from stackproof.model import Value

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    # CloudTrail API reference, CreateTrail
    "AWS::CloudTrail::Trail": {
        "IsMultiRegionTrail": False,
        "EnableLogFileValidation": False,
        "IncludeGlobalServiceEvents": True,
    },
    # ACM API reference, RequestCertificate
    "AWS::CertificateManager::Certificate": {
        "ValidationMethod": "EMAIL",
        "KeyAlgorithm": "RSA_2048",
        "CertificateTransparencyLoggingPreference": "ENABLED",
    },
    # Security Hub API reference, EnableSecurityHub
    "AWS::SecurityHub::Hub": {"EnableDefaultStandards": True, "AutoEnableControls": True},
}
