"""Outside scanners: cfn-lint and checkov read resolved documents, and what they say becomes findings.

    scans = scan(documents, cache)
    found = [finding for d in documents for finding in findings(d, scans, "prod")]

They run side by side in processes of their own, each document once, and only if the cache does not know the
answer. What could not be judged is an `unknown` finding with its cause: a missing tool, a crash, a document
that takes too long, a value that is not decided.
"""

from stackproof.scanners.engines import ENGINES, versions
from stackproof.scanners.findings import findings, source_findings
from stackproof.scanners.results import Hit, Scan, Scans
from stackproof.scanners.scan import scan

__all__ = ["ENGINES", "Hit", "Scan", "Scans", "findings", "scan", "source_findings", "versions"]
