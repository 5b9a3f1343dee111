"""Statistics and simulation: units and days, never money accounts, duties, payment terms or files."""
