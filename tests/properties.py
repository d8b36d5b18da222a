"""How many examples the property tests try: few each time, many on demand.

``HYPOTHESIS_PROFILE=many ./script/test -k properties`` looks for what the few do not find. The few
are the same each time, so that a change fails for what it changed.
"""

import os

from hypothesis import HealthCheck, settings

# Fixtures hold from one example to the next, and machines are busy.
_EASY = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
settings.register_profile("few", max_examples=25, derandomize=True, **_EASY)  # type: ignore[arg-type]
settings.register_profile("many", max_examples=1_000, **_EASY)  # type: ignore[arg-type]
profile = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "few"))
