"""dixis-tui: a cockpit for running Prisma migrations on a production PostgreSQL."""

__version__ = "0.1.0"
