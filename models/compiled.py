"""How functions are compiled and where machine code is kept: the ONE home of numba's decorators and options.

``compiled`` for what Python calls (``in_place`` where it makes no array), ``inner`` for what only compiled
functions call, ``inline`` for small ones in hot loops, ``pasted`` for the few that must be written into their
caller before types are known.

numba looks at one file to tell whether machine code is stale, but a kernel's code also holds the callees and
constants of other files. So machine code lies in a folder named after the module and the digest of all
sources it imports, directly or not: a change in any of them compiles anew, a change elsewhere does not. The
locators below tell numba so, through its setting CACHE_LOCATOR_CLASSES, with NUMBA_CACHE_DIR set or not.
"""

from __future__ import annotations

import ast
import hashlib
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from numba import config, njit
from numba.core import caching

compiled = njit(cache=True, nogil=True, error_model="numpy")
"""Called from Python: kept on disk, lets go of the interpreter, divides by zero as numpy does (no branch)."""

in_place = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
"""``compiled`` for what only fills arrays it is given. It counts no references: of a record of arrays each
would be counted up and down at every step, which takes as long to compile as the work itself.
"""

inner = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, error_model="numpy")
"""Compiled as part of its caller only, without reference counting: kernels make no array of their own."""

inline = njit(
    no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, error_model="numpy", forceinline=True
)
"""``inner`` put into the machine code of its caller: a call would cost as much as its work."""

pasted = njit(inline="always", error_model="numpy")
"""Written into its caller before types are known: only so may a record of arrays be given back for free."""

_ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = ("models", "engine")
_FOLDERS_KEPT = 2
"""Folders of machine code kept of one module: its own, and that of a process that began before an edit."""


def sources_digest(file: str | Path) -> str:
    """Digest of a module's source and of all sources of ours that it imports, directly or not: 16 hex digits.

    Imports are read, not run, those inside functions included. Of a package only what is named counts: to
    import ``engine.drivers.paths`` takes that file, not what the ``__init__`` files above it import.
    """
    digest = hashlib.sha256()
    for path in sorted(_import_closure(Path(file).resolve())):
        digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _import_closure(file: Path) -> set[Path]:
    reached: set[Path] = set()
    waiting = {file}
    while waiting:
        path = waiting.pop()
        reached.add(path)
        waiting |= _imported(path) - reached
    return reached


@cache
def _imported(file: Path) -> frozenset[Path]:
    """Sources of our packages that a source names in its imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = file.relative_to(_ROOT).parent.parts[: -(node.level - 1) or None] if node.level else ()
            module = ".".join((*above, *([node.module] if node.module else [])))
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return frozenset(path for name in names if (path := _source_of(name)) is not None)


@cache
def _source_of(module: str) -> Path | None:
    """Source of a module of ours; None for any other name."""
    parts = module.split(".")
    if parts[0] not in _PACKAGES:
        return None
    base = _ROOT.joinpath(*parts)
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)


class _BySources:
    """Mixed into numba's locators: a folder for each module and digest, inside the one numba would take."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        super().__init__(py_func, py_file)  # type: ignore[call-arg]
        self.sources = sources_digest(py_file)
        self.module = ".".join(Path(py_file).resolve().relative_to(_ROOT).with_suffix("").parts)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """Give a locator for a function of our packages; None leaves it to the next class."""
        file = Path(py_file).resolve()
        if not any(file.is_relative_to(_ROOT / package) for package in _PACKAGES):
            return None
        return super().from_function(py_func, py_file)  # type: ignore[misc]

    def get_source_stamp(self) -> str:
        """Give what must be equal for machine code to be used: the digest of the sources."""
        return self.sources

    def get_cache_path(self) -> str:
        """Give the folder of the module's machine code."""
        return str(self._all_folders() / f"{self.module}-{self.sources}")

    def ensure_cache_path(self) -> None:
        """Make the folder; a new one takes the place of those of former sources."""
        is_new = not Path(self.get_cache_path()).is_dir()
        super().ensure_cache_path()  # type: ignore[misc]
        if is_new:
            self._drop_former()

    def _all_folders(self) -> Path:
        return Path(super().get_cache_path()) / "compiled"  # type: ignore[misc]

    def _drop_former(self) -> None:
        """Remove the module's folders but the newest: another process may still run former sources."""
        dated = []
        for folder in self._all_folders().glob(f"{self.module}-*"):
            try:
                dated.append((folder.stat().st_mtime, folder))
            except FileNotFoundError:
                continue  # another process removed it first
        own = Path(self.get_cache_path())
        former = [folder for _, folder in sorted(dated, reverse=True) if folder != own]
        for folder in former[_FOLDERS_KEPT - 1 :]:
            shutil.rmtree(folder, ignore_errors=True)


class ChosenFolder(_BySources, caching.UserProvidedCacheLocator):  # type: ignore[misc]
    """Machine code under NUMBA_CACHE_DIR, when it is set."""


class BesideSource(_BySources, caching.InTreeCacheLocator):  # type: ignore[misc]
    """Machine code in ``__pycache__`` beside the source, where that can be written."""


class UserFolder(_BySources, caching.UserWideCacheLocator):  # type: ignore[misc]
    """Machine code in the user's cache folder: for an installed tradewind that cannot be written."""


_OURS = ",".join(f"{__name__}.{cls.__name__}" for cls in (ChosenFolder, BesideSource, UserFolder))
_NUMBAS = ",".join(
    f"{where}CacheLocator" for where in ("UserProvided", "InTree", "UserWide", "IPython", "Zip")
)
config.CACHE_LOCATOR_CLASSES = f"{_OURS},{config.CACHE_LOCATOR_CLASSES or _NUMBAS}"
"""Ours first; functions of other packages are kept where numba or the user would keep them."""
