"""The habits of the house that no linter checks."""

import io
import re
import tokenize
import tomllib
from collections.abc import Iterator

import pytest

from tests.docstrings import faults, files
from tests.reach import PACKAGES, ROOT, circles, modules

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
SOURCES = {
    path: path.read_text(encoding="utf-8")
    for folder in (*PACKAGES, "scenarios", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
PRODUCT = {path: text for path, text in SOURCES.items() if "tests" not in path.relative_to(ROOT).parts[:1]}

REASON = re.compile(r"noqa: [A-Z0-9, ]+?(?:\s+#\s*|\s+-\s+|\s*\()\w+")
"""A noqa names its rules and says why behind them: in brackets, after a dash or as a comment."""

GROUPS = sorted({name for name, module in modules().items() if module.package and name.count(".") == 1})
"""The packages of the second floor, such as engine.finance; loose files are taken with their folder."""


def holders(pattern: str) -> list[str]:
    """Files of the product in which a line begins with the pattern."""
    return [
        path.relative_to(ROOT).as_posix()
        for path, text in PRODUCT.items()
        if re.search(f"^{pattern}", text, re.MULTILINE)
    ]


def test_no_files_import_each_other_in_a_circle():
    assert circles() == []


def test_types_of_arrays_have_one_home():
    assert holders(r"(FloatArray|IntArray|BoolArray) = ") == ["models/arrays.py"]


def test_decorators_of_numba_have_one_home():
    assert holders(r"\s*from numba import .*\bn?jit\b") == ["models/compiled.py"]
    assert holders(r"\s*import numba\b") == []


def test_no_test_calls_what_only_compiled_code_may_call():
    """A function without a wrapper ends the interpreter when Python calls it."""
    without_wrapper = {
        (path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."), name)
        for path, text in PRODUCT.items()
        for name in re.findall(r"^@(?:inner|inline)\ndef (\w+)", text, re.MULTILINE)
    }
    taken = {
        (module, name.split(" as ")[0].strip("() \n"))
        for path, text in SOURCES.items()
        if path not in PRODUCT
        for module, names in re.findall(r"^from (\S+) import (\([^)]*\)|[^\n]*)", text, re.MULTILINE)
        for name in names.strip("()").split(",")
    }
    assert without_wrapper & taken == set()


def test_raw_machine_code_has_one_home():
    """The high half of a 64-bit product: one instruction, and numba has no name for it."""
    assert holders(r"\s*(?:from|import) llvmlite\b") == ["models/streams.py"]


@pytest.mark.parametrize("group", [*PACKAGES, *GROUPS])
def test_docstrings_tell_dims_and_unit(group):
    folder = ROOT / group.replace(".", "/")
    own = folder.glob("*.py") if group in PACKAGES else files([group.replace(".", "/")])
    assert [fault for path in sorted(own) for fault in faults(path)] == []


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def test_every_exception_from_a_rule_has_its_reason_beside_it():
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path, text in SOURCES.items()
        for number, comment in _comments(text)
        if "# noqa" in comment and not REASON.search(comment)
    ]
    assert bare == []


def test_every_rule_that_is_off_has_its_reason_beside_it():
    lint = tomllib.loads(PROJECT)["tool"]["ruff"]["lint"]
    rules = [*lint["ignore"], *(rule for rules in lint["per-file-ignores"].values() for rule in rules)]
    bare = [rule for rule in rules if not re.search(rf'^\s*"{rule}",\s*# \w', PROJECT, re.MULTILINE)]
    assert bare == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("x  # noqa: S102 (our own README)", True),
        ("x  # noqa: BLE001  # whatever it raises is its answer", True),
        ("x  # noqa: SIM110 - a plain loop compiles best", True),
        ("x  # noqa: D102", False),
        ("x  # noqa: C901, PLR0913", False),
        ("x  # noqa", False),
    ],
)
def test_a_reason_is_told_from_none(line, told):
    assert (REASON.search(line) is not None) is told


def test_every_file_is_looked_at():
    assert len(PRODUCT) > 300
    assert {path.relative_to(ROOT).parts[0] for path in PRODUCT} == {"engine", "models", "scenarios"}
