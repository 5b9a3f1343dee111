"""Statistics and simulation: units and days, never money accounts, duties, payment terms or files."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""Matrices here are small: more threads only wait for each other, and their number changes the last bit."""
