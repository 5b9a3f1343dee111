"""The README's pictures of a report, renewed by ``python -m tests.pictures RUN`` (a run or plan folder).

Each picture is a real page of that run, shown by headless Chromium at 1280 pixels.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from engine.finished import find_run
from engine.report.page import page_html, report_facts
from engine.report.reading import Source
from engine.report.sections.decision import decision
from engine.report.sections.liquidity import liquidity
from engine.report.sections.shocks import shocks

TARGET = Path(__file__).resolve().parents[1] / "notebooks" / "pictures"
PAGES = {"decision": (decision, 1290), "scenarios": (shocks, 1130), "cash": (liquidity, 1010)}
"""Picture: its section and its height in pixels."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COLOURS = 96


def take(page: Path, picture: Path, height: int, browser: str) -> None:
    """One picture of a page."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={profile}", f"--window-size=1280,{height}", f"--screenshot={picture}",
            page.as_uri(),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    image = Image.open(picture).convert("RGB").quantize(COLOURS)
    image.save(picture, optimize=True)


def main(folder: str) -> None:
    """Every picture of the newest run of a plan folder, or of a run."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"no browser found | one of {', '.join(BROWSERS)} is needed | install Chromium")
    run = find_run(folder)
    source = Source(run.cube, run.manifest, run.summary())
    with tempfile.TemporaryDirectory() as place:
        for name, (section, height) in PAGES.items():
            page = Path(place) / f"{name}.html"
            heading = (
                f"{run.manifest['company']}: what the next {run.manifest['quarters']} quarters may bring"
            )
            text = page_html(
                title=name,
                heading=heading,
                facts=report_facts(source),
                sections=(section(source),),
                name=run.id,
            )
            page.write_text(text, encoding="utf-8")
            take(page, TARGET / f"{name}.png", height, browser)
            print(TARGET / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo")
