"""Memory of the process and of the system."""

from __future__ import annotations

import ctypes
import sys


def release_freed() -> None:
    """Give memory that was freed back to the system, where the C library can (glibc); elsewhere nothing.

    A run frees about 400 MB of arrays with every block of trials, of which the C library keeps the small
    pieces: without this call they would lie idle under everything that comes after the last block.
    """
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
