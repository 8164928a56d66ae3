"""The edge of an embedded environment: the system's own names, answered under the rules that are deployed.

A process of its own, `python -m stackproof.emulator.edge`. What it cannot read or does not understand of a deployed
rule it answers with 502 and the reason; it never lets through what it could not judge.
"""
