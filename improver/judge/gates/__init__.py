"""Gates: one file each, cheapest first. A gate returns evidence; it never raises for a bad change."""
