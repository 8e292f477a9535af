"""Find small improvements to a Python code base, prove each, and let a person decide."""

from __future__ import annotations

__version__ = "0.1.0"
