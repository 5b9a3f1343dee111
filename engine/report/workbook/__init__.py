"""The workbook of a run: the base case as live formulas, everything else as labelled numbers."""

from engine.report.workbook.book import WORKBOOK, write_workbook

__all__ = ["WORKBOOK", "write_workbook"]
