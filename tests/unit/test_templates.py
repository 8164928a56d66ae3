"""The unit gate: the templates, resolved for each environment, against controls, expectations and scanners."""

import pytest

from stackproof.plugin import template_checks

pytestmark = pytest.mark.unit

checks = template_checks()
