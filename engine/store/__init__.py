"""Runs on disk: the cube as Zarr, block markers, manifests; written beside, then renamed."""
