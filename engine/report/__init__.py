"""What people read: the summary page and the comparison of two runs, both built from the cube."""
