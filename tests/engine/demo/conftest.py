"""The demo company, written once and played once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.demo import write_demo
from engine.demo.write import History, simulate


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo") / "plan"
    write_demo(place, continuation=place.with_name("plan-continuation"))
    return place


@pytest.fixture(scope="session", params=["demo", "demo-diversified"])
def history(request: pytest.FixtureRequest) -> History:
    return simulate(request.param)
