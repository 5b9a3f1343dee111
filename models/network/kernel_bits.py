"""Which numbers of a row are positive, as bits of a word: the loops of the compiled engine look at every item
and find few with anything to do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from models.network.kernel_orders import inner

_LANES = 8
WORD = 64


@intrinsic
def _positive_lanes(_typing_context: Any, array: Any, _start: Any) -> Any:
    """Eight numbers of an array from ``start`` on, one bit each: is it positive. A machine instruction or two
    where the processor compares whole vectors.
    """
    signature = types.uint64(array, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, arguments[0])
        vector = ir.VectorType(context.get_data_type(kind.dtype), _LANES)
        start = builder.bitcast(builder.gep(array.data, [arguments[1]]), vector.as_pointer())
        numbers = builder.load(start, align=kind.dtype.bitwidth // 8)
        positive = builder.icmp_signed(">", numbers, ir.Constant(vector, [0] * _LANES))
        return builder.zext(builder.bitcast(positive, ir.IntType(_LANES)), ir.IntType(64))

    return signature, generate


@intrinsic
def lowest(_typing_context: Any, _bits: Any) -> Any:
    """Place of the lowest bit that is set; there must be one."""
    signature = types.int64(types.uint64)

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return signature, generate


@inner
def without_lowest(bits: Any) -> Any:
    """The bits without the lowest that is set."""
    return bits & (bits - np.uint64(1))


@inner
def positive_bits(row: Any, start: int) -> Any:
    """Which of the ``WORD`` numbers from ``start`` on are positive, the first in the lowest bit. The row lies
    in one piece.
    """
    bits, at, end = np.uint64(0), start, min(start + WORD, len(row))
    while at + _LANES <= end:
        bits |= _positive_lanes(row, at) << np.uint64(at - start)
        at += _LANES
    while at < end:
        bits |= np.uint64(row[at] > 0) << np.uint64(at - start)
        at += 1
    return bits
