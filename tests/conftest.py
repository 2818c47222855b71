"""What every test run shares: properties that try the same examples each time and leave nothing in the folder."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "tabiji-hypothesis")  # what it learns of the code; not beside the code
settings.register_profile(
    "tabiji",
    max_examples=60,
    deadline=None,  # the machine may be busy
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
settings.load_profile("tabiji")
