"""What people read: report, workbook and comparison, built from what a run keeps only."""
