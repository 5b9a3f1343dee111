"""Addressed random numbers: u = F(seed, name, trial, index, part), the same bits from numpy and from numba.

A number is looked up, never drawn in order. The key is blake2b of the seed and a stable name, the counter
holds (index, part, trial), and Philox4x64-10 turns both into four 64-bit words (Salmon, Moraes, Dror, Shaw
2011, "Parallel random numbers: as easy as 1, 2, 3", SC11, section 3.3). The scenario is never part of an
address: every scenario meets the same trial (common random numbers), and no block size, worker count or
order of calls can change a number.

Address map, fixed for stream version 1:

- key      = blake2b-128(f"{seed}|{name}"), two little-endian 64-bit words
- counter  = (index, part, trial, 0)
- uniform  = ((word >> 12) + 1/2) / 2**52, exact, never 0 and never 1

Where a kernel needs a number for every day of thousands of addresses, it looks up one word per address and
reads the days off the SplitMix64 sequence that begins there (``sequence_word``): still addressed, at a
twentieth of the time.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from models.arrays import FloatArray, WordArray
from models.compiled import compiled, pasted

STREAM_VERSION = 1
"""Part of a run's identity: another address map is another version, and other numbers."""

# Philox4x64: the multipliers were searched for, the steps of the key are the golden ratio and sqrt(3) - 1 as
# 64-bit fractions (Salmon et al. 2011, section 3.3); 7 rounds pass BigCrush, 10 are the default
_MULTIPLIER_0 = 0xD2E7470EE14C6C93  # of word 0
_MULTIPLIER_1 = 0xCA5A826395121157  # of word 2
_WEYL_0 = 0x9E3779B97F4A7C15  # golden ratio
_WEYL_1 = 0xBB67AE8584CAA73B  # sqrt(3) - 1
_MASK_64 = 0xFFFFFFFFFFFFFFFF  # Python's integers do not wrap around at 64 bits by themselves
_ROUNDS = 10  # the default of Random123
# SplitMix64 (Steele, Lea, Flood 2014, figure 17)
_GAMMA = 0x9E3779B97F4A7C15  # golden ratio: an odd step that visits all 2**64 states
_MIX_1 = 0xBF58476D1CE4E5B9  # multipliers of Stafford's mix 13
_MIX_2 = 0x94D049BB133111EB  # likewise
_TO_UNIT = 2.0**-52  # width of a cell of the unit interval


def key_of(seed: int, name: str) -> WordArray:
    """Key of one named stream: two 64-bit words, dims (word,), shape (2,).

    blake2b with a 16-byte digest over ``f"{seed}|{name}"``. The name says what the number is for and holds
    the stable keys of the entities concerned, never their position in a list.
    """
    return keys_of(seed, [name])[0]


def keys_of(seed: int, names: list[str]) -> WordArray:
    """Keys of several named streams in their order, (row, word), two 64-bit words each."""
    digests = b"".join(hashlib.blake2b(f"{seed}|{name}".encode(), digest_size=16).digest() for name in names)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64).reshape(len(names), 2)


def index_of(text: str) -> np.uint64:
    """64-bit index of a stable text key (a customer, say), for streams that are addressed by member."""
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))


@intrinsic
def _high_product(_typing_context: Any, _a: Any, _b: Any) -> Any:
    """Upper 64 bits of the 128-bit product of two unsigned words; one machine instruction."""
    signature = types.uint64(types.uint64, types.uint64)

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return signature, generate


@pasted
def _philox(
    key_0: np.uint64,
    key_1: np.uint64,
    counter_0: np.uint64,
    counter_1: np.uint64,
    counter_2: np.uint64,
    counter_3: np.uint64,
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    k0 = np.uint64(key_0)
    k1 = np.uint64(key_1)
    c0 = np.uint64(counter_0)
    c1 = np.uint64(counter_1)
    c2 = np.uint64(counter_2)
    c3 = np.uint64(counter_3)
    m0 = np.uint64(_MULTIPLIER_0)
    m1 = np.uint64(_MULTIPLIER_1)
    for _ in range(_ROUNDS):
        high_0 = _high_product(m0, c0)
        low_0 = m0 * c0
        high_1 = _high_product(m1, c2)
        low_1 = m1 * c2
        c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
        k0 = k0 + np.uint64(_WEYL_0)
        k1 = k1 + np.uint64(_WEYL_1)
    return c0, c1, c2, c3


@compiled
def philox_words(key: WordArray, counter: WordArray) -> WordArray:
    """Four 64-bit words of Philox4x64-10, (word,), for one key of two and a counter of four words: the
    compiled path.
    """
    words = np.empty(4, dtype=np.uint64)
    words[:] = _philox(key[0], key[1], counter[0], counter[1], counter[2], counter[3])
    return words


@pasted
def words4(
    key: WordArray, trial: int, index: int | np.uint64, part: int
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Four independent 64-bit words of one address, for compiled code: ``key`` (word,), trial, index,
    part.
    """
    return _philox(key[0], key[1], np.uint64(index), np.uint64(part), np.uint64(trial), np.uint64(0))


@pasted
def sequence_word(start: np.uint64, index: int) -> np.uint64:
    """Word ``index`` of the SplitMix64 sequence that begins at ``start``, any of them at once.

    The state at ``index`` is start + (index + 1) * gamma, and two multiplications with shifts mix it (Steele,
    Lea, Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA, section 4 and figure 17).
    ``start`` is a word of an address of its own.
    """
    word = np.uint64(start) + np.uint64(index + 1) * np.uint64(_GAMMA)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(_MIX_1)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(_MIX_2)
    return word ^ (word >> np.uint64(31))


@pasted
def to_unit(word: np.uint64) -> float:
    """Uniform on the open interval (0, 1) from a 64-bit word: the middle of one of 2**52 cells.

    With 53 bits the middle of the last cell would round to 1.
    """
    return (np.float64(word >> np.uint64(12)) + 0.5) * _TO_UNIT


@pasted
def uniform4(
    key: WordArray, trial: int, index: int | np.uint64, part: int
) -> tuple[float, float, float, float]:
    """Four independent uniforms of one address, for compiled code: ``key`` (word,), trial, index, part."""
    a, b, c, d = _philox(key[0], key[1], np.uint64(index), np.uint64(part), np.uint64(trial), np.uint64(0))
    return to_unit(a), to_unit(b), to_unit(c), to_unit(d)


@pasted
def uniform1(key: WordArray, trial: int, index: int | np.uint64, part: int) -> float:
    """First of the four uniforms of one address, for compiled code; ``key`` (word,)."""
    a, _, _, _ = _philox(key[0], key[1], np.uint64(index), np.uint64(part), np.uint64(trial), np.uint64(0))
    return to_unit(a)


@compiled
def _fill_uniforms(key: WordArray, first_trial: int, trials: int, count: int, part: int) -> FloatArray:
    out = np.empty((trials, count))
    for t in range(trials):
        for block in range((count + 3) // 4):
            a, b, c, d = uniform4(key, first_trial + t, block, part)
            i = 4 * block
            out[t, i] = a
            if i + 1 < count:
                out[t, i + 1] = b
            if i + 2 < count:
                out[t, i + 2] = c
            if i + 3 < count:
                out[t, i + 3] = d
    return out


def uniforms(seed: int, name: str, trials: range, count: int, part: int = 0) -> FloatArray:
    """Uniforms on (0, 1) of one named stream, dims (trial, row): a row for each of the ``count`` indices.

    Number ``i`` of a trial is word ``i % 4`` of the address (name, trial, index ``i // 4``, part), so a
    longer run begins with the shorter one and any split of the trials gives the same numbers.

    Raises
    ------
    ValueError
        When the trials are not a range with step 1.
    """
    if trials.step != 1:
        raise ValueError(f"trials: a range with step 1 | got step {trials.step} | use range(first, stop)")
    return np.asarray(_fill_uniforms(key_of(seed, name), trials.start, len(trials), count, part))


def philox_words_numpy(key: WordArray, counters: WordArray) -> WordArray:
    """Words of Philox4x64-10 for one key of two words and many counters of four, (row, word), in plain numpy.

    The readable truth of the compiled path; the 128-bit product is put together from 32-bit halves.
    """
    words = [counters[:, i].astype(np.uint64) for i in range(4)]
    key_words = [int(key[0]), int(key[1])]
    with np.errstate(over="ignore"):
        for _ in range(_ROUNDS):
            high_0, low_0 = _wide_product(np.uint64(_MULTIPLIER_0), words[0])
            high_1, low_1 = _wide_product(np.uint64(_MULTIPLIER_1), words[2])
            words = [
                high_1 ^ words[1] ^ np.uint64(key_words[0]),
                low_1,
                high_0 ^ words[3] ^ np.uint64(key_words[1]),
                low_0,
            ]
            key_words = [(key_words[0] + _WEYL_0) & _MASK_64, (key_words[1] + _WEYL_1) & _MASK_64]
    return np.stack(words, axis=1)


def _wide_product(a: np.uint64, b: WordArray) -> tuple[WordArray, WordArray]:
    half = np.uint64(32)
    mask = np.uint64(0xFFFFFFFF)
    a_high, a_low = a >> half, a & mask
    b_high, b_low = b >> half, b & mask
    low_low = a_low * b_low
    middle = a_high * b_low + (low_low >> half)
    other = a_low * b_high + (middle & mask)
    high = a_high * b_high + (middle >> half) + (other >> half)
    return high, a * b
