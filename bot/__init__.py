"""The people's side: command line, chat, daemon, demo and doctor. The one place that wires all packages together."""
