"""What is deployed: the controls and expectations of the templates on what AWS answers, drift, and probes."""

import pytest

from stackproof.plugin import deployed_checks

pytestmark = pytest.mark.integration

checks = deployed_checks()
