"""Shipped scenarios: YAML only, read through ``importlib.resources`` by ``engine.scenarios``."""
