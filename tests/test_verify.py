"""``make verify`` cannot hold checks that it does not know."""

import pytest

from tests.verify.__main__ import main


def test_an_unknown_check_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["safety_stokc"]) == 2
    printed = capsys.readouterr()
    assert "unknown checks: safety_stokc; there are: " in printed.err
    assert "safety_stock" in printed.err
    assert "hold" not in printed.out
