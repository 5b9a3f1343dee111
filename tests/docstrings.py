"""What the docstring of a public function with arrays must tell, and what stands beside a number of a kernel.

``python -m tests.docstrings [PATH ...]`` prints every place that does not, under the paths (default: all).

- dims: a group in brackets made of names of ``models.names`` (``(trial, month, segment)``; letters of
  ``names.LETTERS`` do as well), or that any shape will do ("any shape", "elementwise", "dims of ``x``");
- unit: a word of ``names.UNIT_WORDS``;
- source: where it states a formula, a year, an equation, or that the formula is the definition itself;
- Raises: where the function itself raises;
- a docstring or comment beside each number that a module with compiled functions names.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from models import names

ROOT = Path(__file__).parent.parent
PACKAGES = ("engine", "models")
ARRAYS = {
    "AgeArray",
    "BoolArray",
    "ComplexArray",
    "CountArray",
    "DataArray",
    "DateArray",
    "FloatArray",
    "Int32Array",
    "IntArray",
    "MarkArray",
    "NDArray",
    "TextArray",
    "WordArray",
}
DIMS = {dim.replace("_", " ") for dim in (*names.DIMS, *names.INNER_DIMS)} | set(names.LETTERS)
ANY_SHAPE = re.compile(
    r"any shape|elementwise|dims? of ``|shape of ``|same (shape|dims)|likewise", re.IGNORECASE
)
UNIT = re.compile(rf"\b({'|'.join(names.UNIT_WORDS)})", re.IGNORECASE)
FORMULA = re.compile(r"[\w)\]`] (=|≈) [^=\n]*[-+*/·√∑Σ^(]")
SOURCE = re.compile(r"\b(1[89]|20)\d\d\b|\beqs?\.|\bequation|\bdefinition|\bidentity|https?://|§")


def faults(path: Path) -> Iterator[str]:
    """Every place of a file that does not tell what it must."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    where = path.relative_to(ROOT)
    for name, function in _public(tree.body):
        if _has_arrays(function):
            for lack in _lacks(function):
                yield f"{where}:{function.lineno}: {name}: {lack}"
    if "njit" in text or "models.compiled" in text:
        yield from (
            f"{where}:{line}: {name}: no reason beside the number" for line, name in _bare_numbers(tree, text)
        )


def _public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield prefix + node.name, node


def _has_arrays(function: ast.FunctionDef) -> bool:
    taken = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    notes = [each.annotation for each in taken if each.annotation] + (
        [function.returns] if function.returns else []
    )
    words = {n.id for note in notes for n in ast.walk(note) if isinstance(n, ast.Name)}
    words |= {n.attr for note in notes for n in ast.walk(note) if isinstance(n, ast.Attribute)}
    return bool(words & ARRAYS)


def _lacks(function: ast.FunctionDef) -> Iterator[str]:
    raw = ast.get_docstring(function) or ""
    text = " ".join(raw.split())
    if not text:
        yield "no docstring"
        return
    if not (_tells_dims(text) or ANY_SHAPE.search(text)):
        yield "dims"
    if not UNIT.search(text):
        yield "unit"
    prose = " ".join(line for line in raw.splitlines() if not line.lstrip().startswith((">>>", "...")))
    if FORMULA.search(prose) and not SOURCE.search(text):
        yield "source of the formula"
    if _raises(function) and "Raises" not in text:
        yield "Raises"


def _tells_dims(text: str) -> bool:
    return any(_is_dims(group) for group in re.findall(r"\(([^()]*)\)", text))


def _is_dims(group: str) -> bool:
    """Whether a group in brackets is made of names of dims, numbers and ``…`` only, one of them a name."""
    parts = [each.strip() for each in group.replace("`", "").split(",") if each.strip()]
    words = [re.sub(r"\s*[-+*]\s*\d+$|^\d+ or | or 1$|^1 or ", "", part).replace("_", " ") for part in parts]
    known = [word in DIMS or word.removesuffix("…") in DIMS for word in words]
    return any(known) and all(
        ok or re.fullmatch(r"\d+|…|\.\.\.", w) for ok, w in zip(known, words, strict=True)
    )


def _raises(function: ast.FunctionDef) -> bool:
    """Whether the function itself raises something new; its inner functions do not count."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Raise) and node.exc is not None:
            return True
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))
    return False


def _bare_numbers(tree: ast.Module, text: str) -> Iterator[tuple[int, str]]:
    """Numbers named at module level without a docstring below or a comment beside or above."""
    lines = text.splitlines()
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not _is_number(node.value):
            continue
        told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        beside = any(
            "#" in lines[at] for at in range(max(node.lineno - 2, 0), node.end_lineno or node.lineno)
        )
        if not told and not beside:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            yield node.lineno, ast.unparse(target)


def _is_number(value: ast.expr | None) -> bool:
    """Whether an expression is made of numbers only."""
    if value is None:
        return False
    kinds = (
        ast.Constant,
        ast.UnaryOp,
        ast.BinOp,
        ast.operator,
        ast.unaryop,
        ast.Call,
        ast.Name,
        ast.Load,
        ast.Attribute,
    )
    nodes = list(ast.walk(value))
    numbers = [n for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, (int, float))]
    names_ = [n.id for n in nodes if isinstance(n, ast.Name)]
    return (
        bool(numbers)
        and all(isinstance(n, kinds) for n in nodes)
        and all(n in ("np", "math", "float", "int") for n in names_)
    )


def files(paths: list[str]) -> list[Path]:
    """Python files under the paths, all of the product by default."""
    roots = [ROOT / path for path in paths or PACKAGES]
    return sorted(each for root in roots for each in ([root] if root.is_file() else root.rglob("*.py")))


if __name__ == "__main__":
    found = [fault for path in files(sys.argv[1:]) for fault in faults(path)]
    print("\n".join([*found, f"{len(found)} places"]))
    sys.exit(bool(found))
