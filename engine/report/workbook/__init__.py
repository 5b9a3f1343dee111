"""The workbook of a run: the base case as live formulas, everything else as labelled numbers."""

from engine.report.workbook.book import write_workbook

__all__ = ["write_workbook"]
