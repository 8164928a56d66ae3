"""Every control is proven by templates that it passes and templates that it fails."""

from __future__ import annotations

import pytest

from selftest.controls.proof_files import all_proofs, judged
from stackproof.controls import all_controls
from stackproof.model import Control


@pytest.mark.parametrize("control", all_controls(), ids=lambda control: control.id)
def test_control_answers_its_proofs(control: Control) -> None:
    """Each snippet gets the outcome that its author worked out."""
    wrong = []
    for snippet in all_proofs().get(control.id, []):
        finding = judged(control, snippet)
        if finding.outcome is not snippet.outcome:
            wrong.append(f"{snippet.outcome}[{snippet.number}] is {finding.outcome}: {finding.message}")
    assert not wrong, "\n".join(wrong)
