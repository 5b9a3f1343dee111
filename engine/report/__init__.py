"""What people read: report, workbook and comparison, built from cube and manifest only."""
