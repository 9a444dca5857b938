"""The verbs of the playlista command."""


def main() -> None:
    """Run the command line."""
