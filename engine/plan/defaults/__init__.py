"""Figures that are shipped as dated defaults, each with its source; never as a current value."""
