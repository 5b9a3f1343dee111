import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import streams

word = st.integers(0, 2**64 - 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(word, min_size=2, max_size=2), st.lists(word, min_size=4, max_size=4))
def test_compiled_and_numpy_paths_give_the_same_words(key, counter):
    key_words = np.array(key, dtype=np.uint64)
    counter_words = np.array(counter, dtype=np.uint64)
    compiled = streams.philox_words(key_words, counter_words)
    readable = streams.philox_words_numpy(key_words, counter_words[None, :])[0]
    assert list(compiled) == list(readable)


def test_any_split_of_the_trials_gives_the_same_numbers():
    whole = streams.uniforms(7, "demand", range(10), 13)
    parts = [streams.uniforms(7, "demand", range(a, b), 13) for a, b in [(0, 3), (3, 4), (4, 10)]]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_a_longer_horizon_begins_with_the_shorter_one():
    assert np.array_equal(
        streams.uniforms(7, "fx", range(4), 365), streams.uniforms(7, "fx", range(4), 731)[:, :365]
    )


def test_names_seeds_trials_and_parts_are_unrelated():
    base = streams.uniforms(7, "a", range(1), 4000)[0]
    others = [
        streams.uniforms(7, "b", range(1), 4000)[0],
        streams.uniforms(8, "a", range(1), 4000)[0],
        streams.uniforms(7, "a", range(1, 2), 4000)[0],
        streams.uniforms(7, "a", range(1), 4000, part=1)[0],
    ]
    for other in others:
        assert abs(np.corrcoef(base, other)[0, 1]) < 4 / np.sqrt(4000)


def test_uniforms_never_reach_zero_or_one():
    assert streams.to_unit(np.uint64(0)) > 0.0
    assert streams.to_unit(np.uint64(2**64 - 1)) < 1.0


def test_the_address_map_of_stream_version_1_is_frozen():
    assert streams.STREAM_VERSION == 1
    assert streams.key_of(1, "demand").tolist() == [
        int.from_bytes(part, "little") for part in (_digest("1|demand")[:8], _digest("1|demand")[8:])
    ]
    words = streams.philox_words_numpy(
        streams.key_of(1, "demand"), np.array([[1, 0, 5, 0]], dtype=np.uint64)
    )[0]
    expected = (words >> np.uint64(12)).astype(float) * 2.0**-52 + 2.0**-53
    assert np.array_equal(streams.uniforms(1, "demand", range(5, 6), 8)[0, 4:], expected)


def test_a_stepped_range_of_trials_is_refused():
    with pytest.raises(ValueError, match="step 1"):
        streams.uniforms(1, "a", range(0, 10, 2), 3)


def _digest(text):
    import hashlib

    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def test_steele_lea_flood_2014_splitmix64_from_1234567():
    """The first words of SplitMix64 from the seed 1234567, from its authors' published C program."""
    words = [int(streams.sequence_word(np.uint64(1234567), index)) for index in range(5)]
    assert words == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_days_of_neighbouring_sequences_are_unrelated_and_even():
    starts = [
        np.uint64(streams.words4(streams.key_of(3, f"returns/{name}"), 0, 0, 1)[1]) for name in "abcdefgh"
    ]
    days = np.array(
        [[int(streams.sequence_word(start, day)) >> 44 for day in range(4000)] for start in starts]
    )
    unit = days / 2.0**20
    assert np.all(np.abs(unit.mean(axis=1) - 0.5) < 4 / np.sqrt(12 * 4000))
    between = np.corrcoef(unit)[np.triu_indices(len(starts), 1)]
    assert np.all(np.abs(between) < 4.5 / np.sqrt(4000))
    for row in unit:  # one day after the other
        assert abs(np.corrcoef(row[1:], row[:-1])[0, 1]) < 4 / np.sqrt(4000)
