"""From files as people export them to canonical rows."""
