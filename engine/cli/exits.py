"""Exit codes of the command line."""

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_DATA = 3
EXIT_BREACH = 4
