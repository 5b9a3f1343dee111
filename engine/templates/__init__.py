"""Plan folders made from real data: files of the user's data folder in, a plan that loads without edits out."""
