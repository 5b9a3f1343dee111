"""The stages of a run, one file each: calibrate, draw, simulate, price, measure.

inputs holds what each of them reads, one record a stage; wiring, opening and world put a plan into it.
sharing says which months a scenario takes from base.
"""
