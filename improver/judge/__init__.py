"""The judges: what a change is, what each gate found, and who decides."""
