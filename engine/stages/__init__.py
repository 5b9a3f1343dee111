"""The stages of a run, one file each: calibrate, draw, simulate, price, measure.

wiring, opening and world put a plan into the arrays that the stages read.
"""
