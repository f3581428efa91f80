"""What every test may use: the tiny real bundle; and no settings of whoever runs the tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.inference.conftest import made_bundle, sentences

__all__ = ["made_bundle", "sentences"]

# A slow machine makes no test wrong, and CI tries the same examples every time.
settings.register_profile("patient", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the environment's settings, and the user's own data folder, out of the tests."""
    for name in os.environ:
        if name.upper().startswith("DEEPHYPEBOT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
