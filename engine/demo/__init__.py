"""The demo company, generated event by event: the independent truth that the models are tested against.

Nothing here imports ``models``: a mistake made there cannot be repeated here.
"""

from __future__ import annotations

from engine.demo.write import TEMPLATES, write_demo

__all__ = ["TEMPLATES", "write_demo"]
