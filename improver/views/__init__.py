"""What people look at: the terminal now, pages later."""
