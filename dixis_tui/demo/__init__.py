"""A marketplace to rehearse on: an embedded production, a staging server, a Prisma project and a small shop.

Everything of one demo lives under one folder: see :class:`dixis_tui.demo.lifecycle.Demo`.
"""
