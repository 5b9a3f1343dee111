"""What a command, a README or a notebook can run, followed statically from definition to definition.

``python -m tests.reach`` prints the modules, public functions and classes that nothing of them reaches, and
the members of classes that nothing names.

A node is a name that a file binds at its top level: a function, a class with all its methods, a constant. It
reaches every name that its statements mention. An import alone reaches nothing: a name is followed through
the ``__init__`` files that hand it on to the file that defines it, so a package that re-exports everything
does not make everything used. A module that is handed about whole (``getattr(chain, name)``) gives all it
has.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("engine", "models")
COMMANDS = "engine.cli"
"""Its files are the entry points: what they register as a command, and ``main``."""

TEMPLATES = {".html", ".css", ".j2", ".yaml", ".jinja"}

Node = tuple[str, str]
"""A module and a name in it; the name is empty for what runs when the module is imported."""


@dataclass
class Module:
    """A file: what each of its top-level names is bound by, its imports, and what else runs on import."""

    name: str
    package: bool
    tree: ast.Module
    bound: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    loose: list[ast.stmt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.imports = _imports(self, self.tree.body)
        for node in self.tree.body:
            names = _bound_by(node)
            for name in names:
                self.bound.setdefault(name, []).append(node)
            if not names and not isinstance(node, (ast.Import, ast.ImportFrom)):
                self.loose.append(node)


def _bound_by(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        targets = [node.target]
    return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]


def _imports(module: Module, body: Iterable[ast.AST]) -> dict[str, str]:
    """Local name to dotted target of every import in the statements, those within functions apart."""
    found: dict[str, str] = {}
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            for each in node.names:
                found[each.asname or each.name.split(".")[0]] = (
                    each.name if each.asname else each.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.name.split(".")
                kept = parts[: len(parts) - node.level + (1 if module.package else 0)]
                base = ".".join([*kept, *([base] if base else [])])
            found |= {each.asname or each.name: f"{base}.{each.name}" for each in node.names}
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))
    return found


@cache
def modules() -> Mapping[str, Module]:
    """Every file of the product by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            package_file = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if package_file else parts)
            found[name] = Module(name, package_file, ast.parse(path.read_text(encoding="utf-8")))
    return found


def resolve(dotted: str) -> Iterator[Node]:
    """The nodes that a dotted name of ours means; nothing for a name of another library."""
    known = modules()
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        home = known.get(".".join(parts[:length]))
        if home is None:
            continue
        if length == len(parts):
            yield from ((home.name, name) for name in ("", *home.bound))
        elif parts[length] in home.bound:
            yield home.name, parts[length]
        elif parts[length] in home.imports:
            yield from resolve(".".join([home.imports[parts[length]], *parts[length + 1 :]]))
        else:
            yield home.name, ""
        return


def mentioned(statements: Iterable[ast.AST], module: Module) -> Iterator[Node]:
    """The nodes that statements of a module mention."""
    body = list(statements)
    own = {
        name: target
        for node in body
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
        for name, target in _imports(module, [inner]).items()
    }
    targets = module.imports | own
    for dotted in _dotted(body):
        first, _, rest = dotted.partition(".")
        if first in targets:
            yield from resolve(f"{targets[first]}.{rest}" if rest else targets[first])
        elif first in module.bound and module.name:
            yield module.name, first


def _dotted(body: Iterable[ast.AST]) -> set[str]:
    """Names with the attributes taken of them: ``plots.waterfall``."""
    found: set[str] = set()
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        chain, at = [], node
        while isinstance(at, ast.Attribute):
            chain.append(at.attr)
            at = at.value
        if isinstance(at, ast.Name):
            found.add(".".join([at.id, *reversed(chain)]))
        elif chain:
            waiting.append(at)
        else:
            waiting.extend(ast.iter_child_nodes(node))
    return found


def documents() -> Iterator[tuple[str, str]]:
    """Python that readers are shown, by the path that shows it: fences and dotted names of READMEs, cells."""
    for path in sorted(ROOT.rglob("*.md")):
        if ".venv" not in path.parts:
            text = path.read_text(encoding="utf-8")
            fences = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
            named = re.findall(r"`((?:engine|models)(?:\.\w+)+)(?:\(.*?\))?`", text)
            calls = [each for each in named if each not in modules() and not (ROOT / each).exists()]
            packages = sorted({each.split(".")[0] for each in calls})
            yield (
                str(path.relative_to(ROOT)),
                "\n".join([*fences, *(f"import {p}" for p in packages), *calls]),
            )
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        yield str(path.relative_to(ROOT)), "\n".join(code)


def roots() -> Iterator[Node]:
    """Entry points: commands, and the names that READMEs and notebooks use."""
    for name, module in modules().items():
        if name == COMMANDS or name.startswith(f"{COMMANDS}."):
            yield name, ""
            yield from (
                (name, each) for each, body in module.bound.items() if each == "main" or _command(body)
            )
    for _, text in documents():
        script = Module("", False, ast.parse(text))
        yield from mentioned(script.tree.body, script)


def _command(body: list[ast.stmt]) -> bool:
    """Whether a definition is registered on an object of its file: ``@app.command()``."""
    return any(
        isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)
        for node in body
        if isinstance(node, ast.FunctionDef)
        for each in node.decorator_list
    )


def missing() -> list[str]:
    """Names of ours that a README or a notebook imports and that do not exist."""
    return [
        f"{path}: {target}"
        for path, text in documents()
        for target in Module("", False, ast.parse(text)).imports.values()
        if target.split(".")[0] in PACKAGES and target not in modules() and not _exists(target)
    ]


def _exists(target: str) -> bool:
    return any(name for _, name in resolve(target))


@cache
def reached() -> frozenset[Node]:
    """Every node that an entry point reaches."""
    known, found, waiting = modules(), set[Node](), list(roots())
    while waiting:
        node = waiting.pop()
        if node in found:
            continue
        found.add(node)
        name, bound = node
        module = known[name]
        waiting.extend(mentioned(module.bound[bound] if bound else module.loose, module))
        parts = name.split(".")
        waiting.extend((".".join(parts[:length]), "") for length in range(1, len(parts) + 1))
    return frozenset(found)


def unreached_modules() -> list[str]:
    """Modules of which nothing is reached; a file without code is none."""
    seen = {name for name, _ in reached()}
    return [name for name, module in modules().items() if name not in seen and module.bound]


def unreached_names() -> list[str]:
    """Public functions and classes that nothing reaches, in files of which something is reached."""
    shelves = set(unreached_modules())
    return [
        f"{name}.{bound}"
        for name, module in modules().items()
        if name not in shelves
        for bound, body in module.bound.items()
        if isinstance(body[0], (ast.FunctionDef, ast.ClassDef))
        and not bound.startswith("_")
        and (name, bound) not in reached()
    ]


def imported() -> dict[str, set[str]]:
    """Files that each file imports anywhere, within functions and under ``TYPE_CHECKING`` too."""
    known = modules()
    found: dict[str, set[str]] = {name: set() for name in known}
    for name, module in known.items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                targets = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                targets = list(_imports(module, [node]).values())
            else:
                continue
            homes = {target if target in known else target.rpartition(".")[0] for target in targets}
            found[name] |= (homes & known.keys()) - {name}
    return found


def circles() -> list[list[str]]:
    """Groups of files each of which imports, directly or not, every other."""
    straight = imported()
    beyond = {name: _beyond(name, straight) for name in straight}
    groups = {
        tuple(sorted(each for each in beyond[name] if name in beyond[each]))
        for name in straight
        if name in beyond[name]
    }
    return [list(group) for group in sorted(groups)]


def _beyond(name: str, straight: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for each in straight[waiting.pop()] - found:
            found.add(each)
            waiting.append(each)
    return found


def unmentioned_members() -> list[str]:
    """Public methods and fields whose name stands nowhere in the product outside the class's own statement of
    it: not as an attribute, a keyword, a word of a text, in a template, a notebook or a README.
    """
    seen: Counter[str] = Counter()
    for module in modules().values():
        seen += _words(module.tree)
    for _, text in documents():
        seen += _words(ast.parse(text))
    for path in (ROOT / "engine").rglob("*"):
        if path.suffix in TEMPLATES:
            seen += Counter(re.findall(r"[A-Za-z_]\w*", path.read_text(encoding="utf-8")))
    found = []
    for name, module in modules().items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                for member, statement in _members(node):
                    if seen[member] <= _words(statement)[member]:
                        found.append(f"{name}.{node.name}.{member}")
    return found


def _members(node: ast.ClassDef) -> Iterator[tuple[str, ast.stmt]]:
    for statement in node.body:
        for name in _bound_by(statement):
            if not name.startswith("_"):
                yield name, statement


def _words(tree: ast.AST) -> Counter[str]:
    """How often each identifier stands as an attribute, a name, a keyword or in a short text."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found -= Counter(re.findall(r"[A-Za-z_]\w*", str(node.value.value)))
        elif isinstance(node, ast.Attribute):
            found[node.attr] += 1
        elif isinstance(node, ast.Name):
            found[node.id] += 1
        elif isinstance(node, ast.keyword) and node.arg:
            found[node.arg] += 1
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 60:
            found.update(re.findall(r"[A-Za-z_]\w*", node.value))
    return found


if __name__ == "__main__":
    print("methods and fields:", *unmentioned_members(), sep="\n  ")
    print("modules:", *unreached_modules(), sep="\n  ")
    print("functions and classes:", *unreached_names(), sep="\n  ")
