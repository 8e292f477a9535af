"""Hostile projects, the worlds in which they act, and how it is seen from outside what they did."""
