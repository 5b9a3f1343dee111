"""How the finance kernels are compiled."""

from numba import njit

inner = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)
"""Compiled as part of its caller only, without reference counting: kernels make no array of their own."""
