"""From files to a plan folder: gather, derive, write; later files are added to what was drafted."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from engine.plan.faults import Faults
from engine.plan.setup.derive import derive
from engine.plan.setup.drafted import FOLDER, NO_COPY, Drafted, digest, read_drafted, remembered
from engine.plan.setup.gather import files_in, gather
from engine.plan.setup.merge import merge
from engine.plan.setup.report import report
from engine.plan.setup.write import SALT, plan_texts, write_plan, write_text
from models.errors import InputError

STAGE = ".adding"
READY = "ready"
NOTHING_NEW = "nothing new: every file is in the plan already; no byte changed\n"


def set_up(path: Path, sources: Sequence[Path]) -> str:
    """Write a plan folder from a company's own files; the report that it prints.

    Raises
    ------
    InputError
        With every fault of every file; nothing is written.
    """
    gathered = gather(sources)
    derived = derive(gathered, path.resolve().name)
    text = report(gathered, derived)
    write_plan(path, derived, text, gathered.paths)
    return text


def add_files(path: Path, sources: Sequence[Path]) -> str:
    """Bring more exports into a drafted plan, as if it had been made from all of them; what is printed.

    The files that the plan was made from are read again where they lie, the new ones after them, so an order
    of both is the later file's. What the user changed in a file of the plan since it was drafted stays.

    Raises
    ------
    InputError
        With every fault; the plan is as it was.
    """
    _finish(path)
    drafted = read_drafted(path)
    faults = Faults()
    given = [each for each, _ in files_in(sources, faults)]
    salt = _salt(path, faults)
    paths = _all_sources(drafted, given, faults)
    edited = _edited_without_copy(path, drafted)
    for name in edited:
        faults.add(
            name,
            problem="it was changed by hand since it was drafted",
            got="another content",
            remedy="put it back, or make a new plan with init --from",
        )
    if faults:
        raise InputError(faults)
    known = {each.sha256 for each in drafted.sources}
    if all(digest(each) in known for each in paths):
        return NOTHING_NEW
    gathered = gather(paths)
    derived = derive(gathered, path.resolve().name)
    text = report(gathered, derived)
    texts = plan_texts(derived, text, salt)
    changed, kept = _merged(path, drafted, texts)
    stage = path / STAGE
    try:
        for name, content in (changed | remembered(path, gathered.paths, texts)).items():
            write_text(stage / name, content)
        write_text(stage / READY, "")
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    _finish(path)
    return text + "".join(f"your line stays in {name}: {line}\n" for name, line in kept)


def _finish(path: Path) -> None:
    """Put staged files into their places: also what a killed process staged whole; half of it is dropped."""
    stage = path / STAGE
    if not stage.exists():
        return
    if (stage / READY).exists():
        staged = sorted(each for each in stage.rglob("*") if each.is_file() and each != stage / READY)
        # what the plan remembers comes last: until then the same call does the same again
        for each in sorted(staged, key=lambda name: FOLDER in name.relative_to(stage).parts):
            place = path / each.relative_to(stage)
            place.parent.mkdir(parents=True, exist_ok=True)
            each.replace(place)
    shutil.rmtree(stage, ignore_errors=True)


def _salt(path: Path, faults: Faults) -> str:
    place = path / SALT
    if place.is_file():
        return place.read_text(encoding="utf-8").strip()
    faults.add(SALT, problem="no salt", got="no such file", remedy="put back the one that init wrote")
    return ""


def _all_sources(drafted: Drafted, given: Sequence[Path], faults: Faults) -> list[Path]:
    """Files of the draft, where they lie now, then the new ones; the same content counts once."""
    by_hash = {digest(each): each for each in given}
    paths: list[Path] = []
    for each in drafted.sources:
        found = each.path if each.path.is_file() else by_hash.get(each.sha256)
        if found is None:
            faults.add(
                str(each.path),
                problem="a file that the plan was made from is gone",
                got="no such file",
                remedy="put it back, or name its new place behind --from too",
            )
        else:
            paths.append(found)
    seen = {digest(path) for path in paths}
    for path in given:
        if path not in paths and digest(path) not in seen:
            paths.append(path)
            seen.add(digest(path))
    return paths


def _edited_without_copy(path: Path, drafted: Drafted) -> list[str]:
    names = [name for name in NO_COPY if name in drafted.hashes and (path / name).is_file()]
    return [name for name in names if digest(path / name) != drafted.hashes[name]]


def _merged(
    path: Path, drafted: Drafted, texts: dict[str, str]
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """New content of every file of the plan with the user's changes in it, and the user's lines that stay."""
    changed: dict[str, str] = {}
    kept: list[tuple[str, str]] = []
    for name, theirs in texts.items():
        place = path / name
        if name in NO_COPY or not place.is_file():
            changed[name] = theirs
            continue
        mine = place.read_text(encoding="utf-8")
        merged = merge(drafted.texts.get(name, mine), mine, theirs)
        changed[name] = merged.text
        kept += [(name, line) for line in merged.kept]
    return changed, kept
