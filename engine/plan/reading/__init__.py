"""Reading what tools write: bytes of an export to canonical typed tables, every row with its treatment."""
