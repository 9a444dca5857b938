"""The flow: intake, dispatch, save, refresh."""
