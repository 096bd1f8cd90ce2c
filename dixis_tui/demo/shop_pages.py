"""What the sample shop shows. Each page asks the database for what it shows; none writes."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from urllib.parse import quote

from msgspec import Struct

from dixis_tui.postgres.session import Session

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"

_HEALTH = """
SELECT current_database()::text AS database,
    (SELECT migration_name FROM _prisma_migrations
     WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name DESC LIMIT 1) AS migration,
    (SELECT migration_name FROM _prisma_migrations
     WHERE finished_at IS NULL AND rolled_back_at IS NULL LIMIT 1) AS half_done
"""
_HOME = """
SELECT (SELECT count(*) FROM "Producer" WHERE "active") AS producers,
    (SELECT count(*) FROM "Product" WHERE "published") AS products
"""
_LOGIN = 'SELECT EXISTS (SELECT FROM "Customer" WHERE "email" <> \'\')'
_PRODUCTS = """
SELECT p."name", p."slug", p."unit", p."priceCents" AS cents, r."name" AS producer, r."town", c."name" AS shelf
FROM "Product" AS p JOIN "Producer" AS r ON r."id" = p."producerId" JOIN "Category" AS c ON c."id" = p."categoryId"
WHERE p."published" AND p."stock" > 0 ORDER BY p."id" DESC LIMIT 24
"""
# What the checkout needs for an order: somebody who orders, their latest address, and things in stock.
_ADDRESS = """
SELECT c."name", o."number", o."street", o."city", o."postalCode" AS postal_code
FROM "Order" AS o JOIN "Customer" AS c ON c."id" = o."customerId" ORDER BY o."id" DESC LIMIT 1
"""
_CART = """
SELECT p."name", i."quantity", i."unitCents" AS cents
FROM "OrderItem" AS i JOIN "Product" AS p ON p."id" = i."productId"
WHERE i."orderId" = (SELECT max("id") FROM "Order" WHERE "status" <> 'PENDING') ORDER BY i."id"
"""
_STYLE = """
body { font-family: system-ui, sans-serif; margin: 0 auto; max-width: 56rem; padding: 1rem; color: #24301c }
nav a { margin-right: 1rem; color: #4b6b1f } li { margin: .3rem 0 } label { display: block; margin: .6rem 0 }
"""


class ShopError(Exception):
    """The shop can't serve: its data are not in a state to sell from."""


class Page(Struct, frozen=True):
    """An answer: its body and its content type."""

    body: str
    kind: str = HTML


class Route(Struct, frozen=True):
    """A page of the shop. `contains` is in the body if, and only if, the page has found its data."""

    name: str
    path: str
    contains: str
    show: Callable[[Session], Page]


class _Health(Struct, frozen=True):
    database: str
    migration: str | None
    half_done: str | None


class _Totals(Struct, frozen=True):
    producers: int
    products: int


class _Product(Struct, frozen=True):
    name: str
    slug: str
    unit: str
    cents: int
    producer: str
    town: str
    shelf: str


class _Address(Struct, frozen=True):
    name: str
    number: str
    street: str
    city: str
    postal_code: str


class _Line(Struct, frozen=True):
    name: str
    quantity: int
    cents: int


def health(session: Session) -> Page:
    """Whether the database answers and no migration stands half-done."""
    [found] = session.query(_HEALTH, row=_Health)
    if found.half_done:
        raise ShopError(f"the migration {found.half_done} is half-done")
    return json_page({"status": "ok", "database": found.database, "migration": found.migration or ""})


def home(session: Session) -> Page:
    """The front page."""
    [totals] = session.query(_HOME, row=_Totals)
    return page(
        "Καλώς ήρθατε στο Dixis",
        f"<p>{totals.products} προϊόντα από {totals.producers} παραγωγούς, κατευθείαν στο τραπέζι σας.</p>",
    )


def login(session: Session, token: str = "", email: str = "") -> Page:
    """The form to log in with; `token` comes back with it, and `email` is one that anybody may try."""
    if not session.value(_LOGIN):
        raise ShopError("nobody could log in: there are no customers")
    return page(
        "Σύνδεση",
        f'<form method="post" action="/login"><input type="hidden" name="csrf" value="{token}">'
        '<label>Email <input type="email" name="email" autocomplete="username"></label>'
        '<label>Κωδικός <input type="password" name="password" autocomplete="current-password"></label>'
        f'<button>Σύνδεση</button></form><p>Για δοκιμή: <code id="try">{html.escape(email)}</code>, demo</p>',
    )


def products(session: Session) -> Page:
    """The newest products in stock."""
    found = session.query(_PRODUCTS, row=_Product)
    if not found:
        raise ShopError("there is nothing to sell")
    items = "".join(
        f'<li id="{html.escape(one.slug)}"><a href="/product?slug={quote(one.slug)}">{html.escape(one.name)}</a> '
        f"({html.escape(one.unit)}), {euros(one.cents)}, {html.escape(one.producer)}, {html.escape(one.town)} · "
        f"{html.escape(one.shelf)}</li>"
        for one in found
    )
    return page("Προϊόντα", f"<ul>{items}</ul>")


def checkout(session: Session) -> Page:
    """An order about to be placed; it is never placed."""
    addresses, lines = session.query(_ADDRESS, row=_Address), session.query(_CART, row=_Line)
    if not addresses or not lines:
        raise ShopError("there is nothing to check out")
    [address] = addresses
    items = "".join(f"<li>{one.quantity} x {html.escape(one.name)}, {euros(one.cents)}</li>" for one in lines)
    where = html.escape(f"{address.name}, {address.street}, {address.postal_code} {address.city}")
    total = euros(sum(one.quantity * one.cents for one in lines))
    return page("Ολοκλήρωση παραγγελίας", f"<p>{where}</p><ul>{items}</ul><p>Σύνολο: {total}</p>")


HEALTH = "/api/health"
ROUTES = (
    Route("API", HEALTH, '"status":"ok"', health),
    Route("Home page", "/", "Καλώς ήρθατε στο Dixis", home),
    Route("Login", "/login", "<h1>Σύνδεση</h1>", login),
    Route("Product listing", "/products", "<h1>Προϊόντα</h1>", products),
    Route("Checkout", "/checkout", "Σύνολο:", checkout),
)
"""The runbook's health checks, in its order."""


def json_page(content: dict[str, str]) -> Page:
    """A JSON answer, without blanks, Greek left readable."""
    return Page(json.dumps(content, ensure_ascii=False, separators=(",", ":")), JSON)


def page(title: str, body: str) -> Page:
    """A page of the shop; `title` and `body` are HTML."""
    places = (("/", "Dixis"), ("/products", "Προϊόντα"), ("/checkout", "Καλάθι"), ("/login", "Σύνδεση"))
    links = "".join(f'<a href="{path}">{name}</a>' for path, name in places)
    return Page(
        f'<!doctype html><html lang="el"><head><meta charset="utf-8"><title>{title} · Dixis</title>'
        f"<style>{_STYLE}</style></head><body><nav>{links}</nav><h1>{title}</h1>{body}</body></html>"
    )


def euros(cents: int) -> str:
    """`12,50 €`."""
    return f"{cents // 100},{cents % 100:02} €"
