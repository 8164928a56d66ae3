"""From findings to a verdict: one finding per defect, waivers, and the policy of the gate."""
