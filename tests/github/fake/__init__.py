"""A GitHub of our own, on loopback: what it knows, what it does over time, and what can go wrong with it."""

from tests.github.fake.repo import Environment, Repo, Secret, Token, User
from tests.github.fake.script import cancelled, ends, job, queued, step, waiting
from tests.github.fake.server import TOKEN, FakeGithub

__all__ = [
    "TOKEN", "Environment", "FakeGithub", "Repo", "Secret", "Token", "User", "cancelled", "ends", "job", "queued",
    "step", "waiting",
]  # fmt: skip
