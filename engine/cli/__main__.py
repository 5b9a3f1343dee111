"""``python -m engine.cli``: the command ``tradewind``."""

from engine.cli.commands import main

main()
