"""The wheel works without its sources: built, installed into an empty folder, run from another place."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_wheel_runs_without_the_checkout(tmp_path):
    built = tmp_path / "dist"
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    wheel = next(built.glob("tradewind-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert not [
        name for name in names if name.startswith(("tests/", "notebooks/", ".ci/")) or name.endswith(".nbc")
    ]
    assert "engine/report/templates/report.html.j2" in names
    assert "scenarios/tariff_15pp.yaml" in names
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONSAFEPATH": "1"}
    code = (
        "import engine, engine.cli, sys; assert 'site' in engine.__file__, engine.__file__;"
        "sys.argv = ['tradewind', 'scenarios', 'list', '--json']; engine.cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert '"tariff_15pp"' in done.stdout
