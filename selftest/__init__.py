"""The harness's own tests: a red test here means the harness is bad, not the system under test."""
