"""Documented defaults of Lambda, and until when its runtimes are supported."""

from __future__ import annotations

from datetime import date
from typing import Final

from stackproof.model import Cause, Unknown, Value
from stackproof.model.matching import Answer, readable

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    # Template reference, AWS::Lambda::Function; API CreateFunction.
    "AWS::Lambda::Function": {
        "Timeout": 3,
        "MemorySize": 128,
        "PackageType": "Zip",
        "TracingConfig.Mode": "PassThrough",
    },
}

# Lambda Developer Guide, "Lambda runtimes", as of 2026-10: the day from which AWS no longer patches the runtime.
# Runtimes without a date yet are supported; one that is not listed here is not known.
DEPRECATED_ON: Final[dict[str, date]] = {
    name: date.fromisoformat(day)
    for day, names in {
        "2016-10-31": "nodejs",
        "2019-06-27": "dotnetcore1.0",
        "2019-05-30": "dotnetcore2.0",
        "2019-08-12": "nodejs6.10",
        "2020-03-05": "nodejs4.3 nodejs4.3-edge",
        "2020-03-06": "nodejs8.10",
        "2021-07-15": "python2.7",
        "2021-07-30": "nodejs10.x ruby2.5",
        "2022-01-05": "dotnetcore2.1",
        "2022-07-18": "python3.6",
        "2023-03-31": "nodejs12.x",
        "2023-04-03": "dotnetcore3.1",
        "2023-12-04": "nodejs14.x python3.7",
        "2023-12-07": "ruby2.7",
        "2024-01-08": "go1.x java8 provided",
        "2024-05-14": "dotnet7",
        "2024-06-12": "nodejs16.x",
        "2024-10-14": "python3.8",
        "2024-12-20": "dotnet6",
        "2025-09-01": "nodejs18.x",
        "2025-12-15": "python3.9",
        "2026-03-31": "ruby3.2",
        "2026-04-30": "nodejs20.x",
        "2026-07-31": "provided.al2",
        "2026-10-31": "python3.10",
        "2026-11-10": "dotnet8 dotnet9",
        "2027-03-31": "ruby3.3",
        "2027-04-30": "nodejs22.x",
        "2027-06-30": "python3.11 java8.al2 java11 java17",
        "2028-03-31": "ruby3.4",
        "2028-04-30": "nodejs24.x",
        "2028-10-31": "python3.12",
        "2028-11-14": "dotnet10",
        "2029-03-31": "ruby4.0",
        "2029-06-30": "python3.13 python3.14 java21 java25 provided.al2023",
    }.items()
    for name in names.split()
}


def is_supported(runtime: Value, today: date) -> Answer:
    """Say whether AWS still patches a runtime on a day; unknown for one that is newer than the table."""
    name = readable(runtime)
    if isinstance(name, Unknown):
        return name
    ends = DEPRECATED_ON.get(str(name))
    return ends > today if ends else Unknown(Cause.UNSUPPORTED_TYPE, f"runtime {name} is not in the table of 2026-10")
