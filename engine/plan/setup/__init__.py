"""A company's own exports become a plan folder, with the provenance of every value."""
