"""Playlista: watches music folders, listens to every file, keeps playlists fresh."""
