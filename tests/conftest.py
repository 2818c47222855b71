"""What every test run shares: properties that try the same examples each time and leave nothing in the folder."""

import gc
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

from journey.texts import LANGS, Lang
from sheets_sync.templates.build import build_workbook

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


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: many tests wait for a server, a process or a clock."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def ready_made(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Lang, Path]:
    """The ready-made workbook `ec` in each language, to be read and not changed."""
    folder = tmp_path_factory.mktemp("ready_made")
    for lang in LANGS:
        build_workbook("ec", lang, folder / f"{lang}.xlsx")
    return {lang: folder / f"{lang}.xlsx" for lang in LANGS}


gc.set_threshold(200_000, 50, 50)  # as the program itself does
