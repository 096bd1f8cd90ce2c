"""What a customer does in the sample shop: log in, look at a product, put it into the basket, see what it costs.

Nothing is written: who a visitor is and what is in the basket stands in cookies that the shop has signed, with a key
of its own for each start. An order is priced, never placed.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import re
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from msgspec import Struct

from dixis_tui.demo.shop_pages import JSON, Page, ShopError, checkout, euros, json_page, login, page
from dixis_tui.postgres.session import Session

PASSWORD = "demo"  # noqa: S105 - everybody's, and said on the page
PASSWORD_VARIABLE = "SHOP_PASSWORD"  # noqa: S105 - its name
BODY_LIMIT = 16 * 1024
_NUMBER = re.compile(r"[1-9][0-9]?")
_CUSTOMER = 'SELECT "email", "name" FROM "Customer" WHERE "email" = %s'
_FIRST_CUSTOMER = 'SELECT "email", "name" FROM "Customer" ORDER BY "id" LIMIT 1'
_PRODUCT = """
SELECT p."name", p."slug", p."unit", p."priceCents" AS cents, p."stock", r."name" AS producer
FROM "Product" AS p JOIN "Producer" AS r ON r."id" = p."producerId" WHERE p."slug" = %s AND p."published"
"""
_LISTED = """
SELECT p."name", p."slug", p."unit", p."priceCents" AS cents, p."stock", r."name" AS producer
FROM "Product" AS p JOIN "Producer" AS r ON r."id" = p."producerId"
WHERE p."published" AND p."stock" > 0 ORDER BY p."id" DESC LIMIT 24
"""


class _Customer(Struct, frozen=True):
    email: str
    name: str


class _Product(Struct, frozen=True):
    name: str
    slug: str
    unit: str
    cents: int
    stock: int
    producer: str


class Asked(Struct, frozen=True, kw_only=True):
    """A request: what its query, its body and its cookies say."""

    query: dict[str, str] = {}
    form: dict[str, str] = {}
    cookies: dict[str, str] = {}


class Reply(Struct, frozen=True, kw_only=True):
    """An answer; `location`: where the browser goes instead. `cookie`: one that it keeps, with its value."""

    page: Page
    status: HTTPStatus = HTTPStatus.OK
    location: str = ""
    cookie: tuple[str, str] = ("", "")


class Signer:
    """Signs what a browser keeps for us, and reads it back only where it is as we gave it."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def signed(self, value: str) -> str:
        """`value` with its signature."""
        return f"{value}.{hmac.new(self._key, value.encode(), hashlib.sha256).hexdigest()}"

    def read(self, text: str) -> str:
        """The value; empty where it isn't ours."""
        value = text.rpartition(".")[0]
        return value if hmac.compare_digest(self.signed(value).encode(), text.encode("utf-8", "replace")) else ""


Visit = Callable[[Session, Asked, Signer], Reply]


def asked(query: str, body: bytes, kind: str, cookies: str) -> Asked:
    """Raises ShopError for a body that is neither a form nor a JSON object."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookies)
        form = _json(body) if "json" in kind else _first(parse_qs(body.decode(), max_num_fields=20))
    except (CookieError, ValueError, RecursionError):
        raise ShopError("this request can't be understood") from None
    return Asked(query=_first(parse_qs(query)), form=form, cookies={name: one.value for name, one in jar.items()})


def _json(body: bytes) -> dict[str, str]:
    found = json.loads(body)
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _first(found: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[0] for name, values in found.items()}


def _show_login(session: Session, asked: Asked, signer: Signer) -> Reply:
    visit = signer.read(asked.cookies.get("visit", "")) or secrets.token_hex(8)
    customers = session.query(_FIRST_CUSTOMER, row=_Customer)
    shown = login(session, _token(signer, visit), customers[0].email if customers else "")
    return Reply(page=shown, cookie=("visit", signer.signed(visit)))


def _log_in(session: Session, asked: Asked, signer: Signer) -> Reply:
    if not _same_visit(asked, signer):
        return _no(HTTPStatus.FORBIDDEN, "this form is not from here")
    found = session.query(_CUSTOMER, (asked.form.get("email", ""),), row=_Customer)
    if not found or asked.form.get("password") != PASSWORD:
        return _no(HTTPStatus.UNAUTHORIZED, "nobody has that address and that password")
    session_cookie = signer.signed(found[0].email.encode().hex())
    return Reply(
        page=page("Σύνδεση", ""), status=HTTPStatus.SEE_OTHER, location="/account", cookie=("session", session_cookie)
    )


def _account(session: Session, asked: Asked, signer: Signer) -> Reply:
    email = bytes.fromhex(signer.read(asked.cookies.get("session", ""))).decode()
    found = session.query(_CUSTOMER, (email,), row=_Customer)
    if not found:
        return _no(HTTPStatus.UNAUTHORIZED, "log in first")
    return Reply(page=page("Ο λογαριασμός μου", f"<p>Γεια σας, {html.escape(found[0].name)}!</p>"))


def _product(session: Session, asked: Asked, signer: Signer) -> Reply:
    found = session.query(_PRODUCT, (asked.query.get("slug", ""),), row=_Product)
    if not found:
        return _no(HTTPStatus.NOT_FOUND, "no such product")
    visit = signer.read(asked.cookies.get("visit", "")) or secrets.token_hex(8)
    one = found[0]
    body = (
        f"<p>{html.escape(one.producer)}, {html.escape(one.unit)}, {euros(one.cents)}</p>"
        f'<form method="post" action="/basket">{_hidden("csrf", _token(signer, visit))}{_hidden("slug", one.slug)}'
        '<label>Τεμάχια <input type="number" name="quantity" value="1" min="1"></label>'
        "<button>Στο καλάθι</button></form>"
    )
    return Reply(page=page(html.escape(one.name), body), cookie=("visit", signer.signed(visit)))


def _fill_basket(session: Session, asked: Asked, signer: Signer) -> Reply:
    if not _same_visit(asked, signer):
        return _no(HTTPStatus.FORBIDDEN, "this form is not from here")
    priced = _priced(session, asked.form)
    if isinstance(priced, Reply):
        return priced
    one, quantity = priced
    basket = signer.signed(f"{one.slug.encode().hex()}:{quantity}")
    return Reply(page=page("Καλάθι", ""), status=HTTPStatus.SEE_OTHER, location="/checkout", cookie=("basket", basket))


def _checkout(session: Session, asked: Asked, signer: Signer) -> Reply:
    slug, _, quantity = signer.read(asked.cookies.get("basket", "")).partition(":")
    if not slug:
        return Reply(page=checkout(session))
    priced = _priced(session, {"slug": bytes.fromhex(slug).decode(), "quantity": quantity})
    if isinstance(priced, Reply):
        return priced
    one, count = priced
    line = f"<ul><li>{count} x {html.escape(one.name)}, {euros(one.cents)}</li></ul>"
    return Reply(page=page("Ολοκλήρωση παραγγελίας", f"{line}<p>Σύνολο: {euros(count * one.cents)}</p>"))


def _list(session: Session, _: Asked, __: Signer) -> Reply:
    found = session.query(_LISTED, row=_Product)
    items = [{"slug": one.slug, "name": one.name, "cents": one.cents, "stock": one.stock} for one in found]
    return Reply(page=_as_json({"status": "ok", "products": items}))


def _price(session: Session, asked: Asked, _: Signer) -> Reply:
    priced = _priced(session, asked.form)
    if isinstance(priced, Reply):
        return priced
    one, count = priced
    return Reply(page=_as_json({"status": "priced", "slug": one.slug, "quantity": count, "total": count * one.cents}))


def _priced(session: Session, form: dict[str, str]) -> tuple[_Product, int] | Reply:
    wanted = form.get("quantity", "1")
    found = session.query(_PRODUCT, (form.get("slug", ""),), row=_Product)
    if not found or not _NUMBER.fullmatch(wanted):
        return _no(HTTPStatus.NOT_FOUND, "no such product, or no such number of them")
    return found[0], int(wanted)


def _token(signer: Signer, visit: str) -> str:
    return signer.signed(f"form-{visit}")


def _same_visit(asked: Asked, signer: Signer) -> bool:
    visit = signer.read(asked.cookies.get("visit", ""))
    token = asked.form.get("csrf", "")
    return bool(visit) and hmac.compare_digest(_token(signer, visit).encode(), token.encode("utf-8", "replace"))


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{html.escape(value)}">'


def _as_json(content: object) -> Page:
    return Page(json.dumps(content, ensure_ascii=False, separators=(",", ":")), JSON)


def _no(status: HTTPStatus, why: str) -> Reply:
    return Reply(page=json_page({"status": "error", "error": why}), status=status)


VISITS: dict[tuple[str, str], Visit] = {
    ("GET", "/login"): _show_login,
    ("POST", "/login"): _log_in,
    ("GET", "/account"): _account,
    ("GET", "/product"): _product,
    ("POST", "/basket"): _fill_basket,
    ("GET", "/checkout"): _checkout,
    ("GET", "/api/products"): _list,
    ("POST", "/api/price"): _price,
}
"""By method and path; what is not here is a page of `ROUTES`."""
