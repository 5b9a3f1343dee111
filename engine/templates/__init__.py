"""Plan folders made from real data: a data folder in, a plan that loads without edits out."""
