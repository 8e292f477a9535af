"""What is known of the target from running it once: every analyzer and gate reads the same facts."""
