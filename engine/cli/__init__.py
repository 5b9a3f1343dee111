"""The command ``tradewind``: parse, call, print.

Data goes to stdout, progress and messages to stderr. Exit codes: 0 ok, 1 error, 2 wrong command line, 3
data fails its checks, 4 policy breach (with ``--fail-on breach``). A command imports what it calls when it is
called, so ``tradewind --help`` loads nothing heavy.

- ``commands``   the commands in the order of the help, and what errors become
- ``options``    arguments and options that several commands have
- ``plans``      init, check (``check_report``), schema
- ``runs``       run, compare, report
- ``questions``  break, backtest, placement
- ``scenarios``  list, show, check
- ``printing``   stdout is data, stderr is messages; ``exits`` the exit codes
"""

from engine.cli.commands import app, main
from engine.cli.exits import EXIT_BREACH, EXIT_DATA, EXIT_ERROR, EXIT_USAGE

__all__ = ["EXIT_BREACH", "EXIT_DATA", "EXIT_ERROR", "EXIT_USAGE", "app", "main"]
