"""``python -m playlista`` is the ``playlista`` command."""

from playlista.cli import main

if __name__ == "__main__":
    main()
