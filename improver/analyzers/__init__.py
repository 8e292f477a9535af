"""Analyzers: one file each. Source and facts in, proposals out; no file, process or clock is touched."""
