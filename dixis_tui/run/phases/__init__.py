"""The phases that act. Each is a function of a :class:`~dixis_tui.run.context.Context`."""
