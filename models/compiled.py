"""How functions are compiled: the ONE home of numba's decorators and their options.

``compiled`` for what Python calls, ``inner`` for what only compiled functions call, ``inline`` for small ones
in hot loops, ``pasted`` for the few that must be written into their caller before types are known.
"""

from __future__ import annotations

from numba import njit

compiled = njit(cache=True, nogil=True, error_model="numpy")
"""Called from Python: kept on disk, lets go of the interpreter, divides by zero as numpy does (no branch)."""

inner = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, error_model="numpy")
"""Compiled as part of its caller only, without reference counting: kernels make no array of their own."""

inline = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
"""Put into the machine code of its caller: a call would cost as much as its work."""

pasted = njit(inline="always", error_model="numpy")
"""Written into its caller before types are known: only so may a record of arrays be given back for free."""
