"""Known answers of Philox4x64-10 from the Random123 distribution (kat_vectors), Salmon et al. 2011."""

import numpy as np
import pytest

from models import streams

ONES = 2**64 - 1
VECTORS = [
    (
        (0, 0, 0, 0),
        (0, 0),
        (0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B),
    ),
    (
        (ONES, ONES, ONES, ONES),
        (ONES, ONES),
        (0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0),
    ),
    (
        (0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89),
        (0x452821E638D01377, 0xBE5466CF34E90C6C),
        (0xA528F45403E61D95, 0x38C72DBD566E9788, 0xA5A1610E72FD18B5, 0x57BD43B5E52B7FE6),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), VECTORS)
def test_random123_known_answers_in_both_paths(counter, key, words):
    counter_words = np.array(counter, dtype=np.uint64)
    key_words = np.array(key, dtype=np.uint64)
    expected = [np.uint64(word) for word in words]
    assert list(streams.philox_words(key_words, counter_words)) == expected
    assert list(streams.philox_words_numpy(key_words, counter_words[None, :])[0]) == expected


def test_numpy_philox_increments_before_its_first_output():
    first = np.random.Philox(counter=0, key=0).random_raw(4)
    counter = np.array([1, 0, 0, 0], dtype=np.uint64)
    assert list(streams.philox_words(np.zeros(2, dtype=np.uint64), counter)) == list(first)
