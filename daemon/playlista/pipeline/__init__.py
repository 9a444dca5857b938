"""The flow: dispatch, save, refresh, and intake joined to them."""
