"""``make verify``: slow validation against truth, printed as tables; exit 1 if a check fails."""

from __future__ import annotations

import sys
import time

from tests.verify.checks import VERIFICATIONS
from tests.verify.registry import print_header, print_row


def main(arguments: list[str]) -> int:
    names = [verification.name for verification in VERIFICATIONS]
    if unknown := set(arguments) - set(names):
        print(f"unknown checks: {', '.join(sorted(unknown))}; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    failed = 0
    for verification in VERIFICATIONS:
        if arguments and verification.name not in arguments:
            continue
        started = time.monotonic()
        print_header(verification.name)
        for row in verification.rows():
            print_row(row)
            failed += not row.holds
        print(f"({time.monotonic() - started:.0f} s)")
    print(f"\n{'all checks hold' if not failed else f'{failed} checks fail'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
