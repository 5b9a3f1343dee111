"""The encoding of an export: its mark, else the one that reads every byte with the fewest rare letters."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from engine.plan.faults import Faults

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LEGACY = ("cp932", "cp1252")
_MOST_RARE = 0.3
"""Share of rare letters among those beyond ASCII above which a reading is not believed."""

_COMMON_WESTERN = frozenset(
    "äöüÄÖÜßéèêëàâáãåæçíìîïñóòôõøœúùûýÿÉÈÊËÀÂÁÃÅÆÇÍÌÎÏÑÓÒÔÕØŒÚÙÛÝŠšŽž"
    "„“”\u2018\u2019\u2013—…€£§°«»·®©™ºª½¼¿¡ \u00d7²³µ•"
)
_BROKEN_UTF8 = re.compile("[ÂÃÄÅâ][\x80-¿€\u201aƒ„…†‡\u02c6‰Š\u2039Œ\u2018\u2019“”•\u2013—\u02dc™š\u203aœŸ]")
_HALF_WIDTH = re.compile("[ｦ-ﾟ]")
_LONE_KANJI = re.compile("(?<=[a-z])[一-鿿]|[一-鿿](?=[a-z])")
_PRIVATE = re.compile("[\x80-\x9f\ue000-\uf8ff]")
_BINARY = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF file",
    b"\x1f\x8b": "a gzip archive",
}


@dataclass(frozen=True)
class Decoded:
    """Text of a file, the encoding it was in, and whether a byte order mark stood before it."""

    text: str
    encoding: str
    bom: bool


def decode(content: bytes, name: str, faults: Faults, *, given: str | None = None) -> Decoded | None:
    """Text of an export; None and one fault if no encoding reads it, or only with mostly rare letters."""
    kind = next((kind for start, kind in _BINARY.items() if content.startswith(start)), None)
    if kind is not None:
        faults.add(name, problem="the file is binary, not text", got=kind, remedy="save it as CSV in UTF-8")
        return None
    marked = next(((mark, code) for mark, code in _MARKS if content.startswith(mark)), None)
    if marked is not None:
        return _strict(content[len(marked[0]) :], marked[1], name, faults, bom=True)
    if given is not None:
        return _strict(content, given, name, faults, bom=False)
    if b"\x00" in content:
        return _strict(content, _utf16_side(content), name, faults, bom=False)
    try:
        return Decoded(content.decode("utf-8"), "utf-8", bom=False)
    except UnicodeDecodeError as error:
        return _legacy(content, error, name, faults)


def _strict(content: bytes, code: str, name: str, faults: Faults, *, bom: bool) -> Decoded | None:
    try:
        text = content.decode(code)
    except (UnicodeDecodeError, LookupError):
        text = "\x00"
    if "\x00" in text:
        got = f"bytes {content[:8].hex(' ')}"
        faults.add(name, problem=f"the file is not {code}", got=got, remedy="save it as CSV in UTF-8")
        return None
    return Decoded(text, code.removesuffix("-le").removesuffix("-be"), bom)


def _utf16_side(content: bytes) -> str:
    even, odd = content[0:2000:2].count(0), content[1:2000:2].count(0)
    return "utf-16-le" if odd >= even else "utf-16-be"


def _legacy(content: bytes, error: UnicodeDecodeError, name: str, faults: Faults) -> Decoded | None:
    best: tuple[float, str, str] | None = None
    for code in _LEGACY:
        try:
            text = content.decode(code)
        except UnicodeDecodeError:
            continue
        share = rare_share(text, code)
        if best is None or share < best[0]:
            best = (share, code, text)
    if best is not None and best[0] <= _MOST_RARE:
        return Decoded(best[2], best[1], bom=False)
    row = content.count(b"\n", 0, error.start) + 1
    faults.add(
        name,
        row,
        problem="no encoding reads the file without rare letters",
        got=f"byte {content[error.start]:02x}",
        remedy="save it as UTF-8, or say encoding: cp1252 (or another)",
    )
    return None


def rare_share(text: str, code: str) -> float:
    """Rare letters of a reading as a share of all letters beyond ASCII."""
    beyond = [letter for letter in text if letter > "\x7f"]
    if not beyond:
        return 0.0
    if code == "cp932":
        rare = sum(len(how.findall(text)) for how in (_HALF_WIDTH, _LONE_KANJI, _PRIVATE))
        return rare / len(beyond)
    rare = sum(letter not in _COMMON_WESTERN for letter in beyond) + 2 * len(_BROKEN_UTF8.findall(text))
    return rare / len(beyond)
