"""No outside byte reaches a terminal as anything but text, and no secret in any form in which it may turn up."""

from __future__ import annotations

import base64
import json
import pickle
import unicodedata
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from dixis_tui.secrets import LINE_LIMIT, MASK, REPLACEMENT, Redactor, Secret, clean

HOSTILE = {
    "title (OSC 0, BEL)": ("\x1b]0;owned\x07after", "after"),
    "title (OSC 0, ST)": ("\x1b]0;owned\x1b\\after", "after"),
    "clipboard (OSC 52)": ("before\x1b]52;c;cm0gLXJm\x07after", "beforeafter"),
    "clipboard, never ended": ("before\x1b]52;c;cm0gLXJm", "before"),
    "clear screen": ("\x1b[2Jafter", "after"),
    "colours": ("\x1b[1;31mred\x1b[0m", "red"),
    "private mode": ("\x1b[?1049hafter", "after"),
    "CSI cut off": ("before\x1b[38;2;", "before"),
    "CSI as C1": ("\x9b2Jafter", "after"),
    "OSC as C1": ("\x9d0;owned\x9cafter", "after"),
    "DCS": ("\x1bPq#0;2;0;0;0\x1b\\after", "after"),
    "DCS as C1": ("\x90q#0\x9cafter", "after"),
    "APC": ("\x1b_Gf=100;AAAA\x1b\\after", "after"),
    "PM": ("\x1b^secret\x1b\\after", "after"),
    "charset": ("\x1b(0lqqk", "lqqk"),
    "reset": ("\x1bcafter", "after"),
    "escape alone": ("a\x1b", "a"),
    "right-to-left override": ("a\u202egnp.exe", f"a{REPLACEMENT}gnp.exe"),
    "isolate": ("a\u2066b\u2069", f"a{REPLACEMENT}b{REPLACEMENT}"),
    "zero width": ("a\u200bb\ufeff", f"a{REPLACEMENT}b{REPLACEMENT}"),
    "soft hyphen": ("a\u00adb", f"a{REPLACEMENT}b"),
    "tag characters": ("a\U000e0041b", f"a{REPLACEMENT}b"),
    "line separators": ("a\u2028b\u2029c", f"a{REPLACEMENT}b{REPLACEMENT}c"),
    "NUL": ("a\x00b", f"a{REPLACEMENT}b"),
    "bell": ("a\x07b", f"a{REPLACEMENT}b"),
    "DEL": ("a\x7fb", f"a{REPLACEMENT}b"),
    "next line (C1)": ("a\x85b", f"a{REPLACEMENT}b"),
    "lone surrogate": ("a\ud800b", f"a{REPLACEMENT}b"),
    "carriage return over the line": ("safe\rrm -rf", f"safe{REPLACEMENT}rm -rf"),
    "carriage return at the end": ("whole\r", "whole"),
    "tab": ("a\tb", "a    b"),
    "line break": ("a\nb", "a b"),
    "joiners": ("a\u200db\u200cc\ufe0fd", "abcd"),
    "variation": ("a\ufe00b\U000e0100c", f"a{REPLACEMENT}b{REPLACEMENT}c"),
    "fillers": ("a\u3164b\u115fc\uffa0d", f"a{REPLACEMENT}b{REPLACEMENT}c{REPLACEMENT}d"),
    "a tower": ("x" + "\u0300" * 90 + "y", f"x\u0300\u0300{REPLACEMENT}y"),
    "an enclosing tower": ("(\u20dd\u20dd\u20dd)", f"(\u20dd\u20dd{REPLACEMENT})"),
    "two marks": ("ᾧ q\u0307\u0323", "ᾧ q\u0323\u0307"),
    "a frame": ("└─ name/", "└─ name/"),
    "strings that begin and never end": ("a" + "\x9d\x90" * 50_000 + "\x1b(Bb", "ab"),
    "combining Greek": ("Μαρι\u0301α", "Μαρία"),
    "Greek as it is": ("Γεια σου, Κόσμε ✔", "Γεια σου, Κόσμε ✔"),
    "an escape inside an escape": ("\x1b\x1b[31m[31mx", "[31mx"),
}

secrets = st.text(st.characters(exclude_characters="•"), min_size=3, max_size=24)
simple_secrets = st.text(st.sampled_from("aB3@:/%+# ?&'\"\\=éω"), min_size=3, max_size=16)


@pytest.mark.parametrize(("text", "left"), HOSTILE.values(), ids=HOSTILE)
def test_clean_leaves_only_text(text: str, left: str) -> None:
    assert clean(text) == left


@given(
    st.text(st.characters(categories=None), max_size=60) | st.text(st.sampled_from("\x1b\x9b\x9d[]P_;0m\x07\\ a\r\n\t"))
)
@example("\x1b\x1b[m[31m")
@example("a\r\r\n")
def test_clean_lets_no_control_through_and_is_stable(text: str) -> None:
    cleaned = clean(text)
    forbidden = {"Cc", "Cs", "Zl", "Zp"}
    assert not [c for c in cleaned if unicodedata.category(c) in forbidden or 0x202A <= ord(c) <= 0x202E]
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    cleaned.encode("utf-8")


def test_a_secret_never_prints_itself() -> None:
    secret = Secret("hunter2")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", "%s" % secret, repr([secret])]  # noqa: UP031
    assert not [text for text in shown if "hunter2" in text]
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2")
    assert secret != Secret("hunter3")
    assert secret != "hunter2"
    assert len({secret, Secret("hunter2")}) == 1
    assert not Secret("")
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(secret)


def forms(secret: str) -> dict[str, str]:
    """Every form in which a program may print `secret`."""
    return {
        "plain": secret,
        "percent": quote(secret, safe=""),
        "percent, lower case": quote(secret, safe="")
        .replace("%2F", "%2f")
        .replace("%3A", "%3a")
        .replace("%C3%A9", "%c3%a9"),
        "percent, some of it": quote(secret, safe="!$&'()*+,;=/"),
        "form": quote_plus(secret),
        "JSON": json.dumps(secret)[1:-1],
        "JSON, Unicode": json.dumps(secret, ensure_ascii=False)[1:-1],
        "base64": base64.b64encode(secret.encode()).decode(),
        "base64, URL-safe": base64.urlsafe_b64encode(secret.encode()).decode(),
    }


@pytest.mark.parametrize("secret", ["p@ss:w/rd%20#é", "pa ss", "Κωδικός-Ωμέγα", 'quo"te\\d', "a+b=c&d"])
def test_every_form_of_a_secret_is_masked(secret: str) -> None:
    redactor = Redactor([secret])
    for name, form in forms(secret).items():
        line = redactor.line(f"before {form} after")
        assert line == f"before {MASK} after" or (name.startswith("base64") and f" {MASK}" in line), name


@given(
    simple_secrets, st.text(st.sampled_from("xyz 12@/"), max_size=10), st.text(st.sampled_from("xyz 12@/"), max_size=10)
)
def test_no_form_of_a_secret_gets_through(secret: str, before: str, after: str) -> None:
    assume(secret.strip() == secret and len(clean(secret)) >= 3)
    redactor = Redactor([secret])
    for form in forms(secret).values():
        assert secret not in redactor.line(f"{before}{form}{after}").replace(MASK, "")


@given(simple_secrets, st.data())
def test_any_mixture_of_percent_encoding_is_masked(secret: str, data: st.DataObject) -> None:
    def written(character: str) -> str:
        encoded = "".join(f"%{byte:02X}" for byte in character.encode())
        return data.draw(st.sampled_from([character, encoded, encoded.lower()]))

    text = "".join(map(written, secret))
    assert Redactor([secret]).text(f"«{text}»") == f"«{MASK}»"


@given(secrets)
@example("combining Ι\u0301 Greek")
@example("a\u200bb\x1b[31mc")
@example("tab\there")
def test_a_secret_that_cleaning_changes_is_masked_all_the_same(secret: str) -> None:
    assume(len(clean(secret)) >= 3)
    line = Redactor([secret]).line(secret)
    assert line == MASK or (len(line) < len(clean(secret)) + len(MASK) and clean(secret) not in line)


@pytest.mark.parametrize("before", range(7))
@pytest.mark.parametrize("after", range(3))
def test_base64_of_something_longer_hides_the_secret_within(before: int, after: int) -> None:
    secret = "correct-horse-battery"
    text = base64.b64encode(b"u:zzzzz"[:before] + secret.encode() + b"yy"[:after]).decode()
    line = Redactor([secret]).line(f"Authorization: Basic {text}")
    assert MASK in line
    left = line.removeprefix("Authorization: Basic ").split(MASK)
    # What stays are the neighbours' digits, and at most one digit of the secret's own on each side.
    assert len(left[0]) <= -(-before * 8 // 6)
    assert len(left[1].rstrip("=")) <= -(-after * 8 // 6) + 1


def test_short_values_are_not_masked_by_themselves() -> None:
    assert Redactor(["a", "ab", ""]).line("a cab") == "a cab"


def test_the_longest_secret_wins() -> None:
    redactor = Redactor(["pass", "password-long"])
    assert redactor.line("password-long") == MASK
    assert redactor.line("passage") == f"{MASK}age"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("postgresql://dixis:geheim@db:5432/x", f"postgresql://dixis:{MASK}@db:5432/x"),
        ("POSTGRES://dixis:geheim@db/x", f"POSTGRES://dixis:{MASK}@db/x"),
        ("at redis+tls://:geheim@cache now", f"at redis+tls://:{MASK}@cache now"),
        ("https://ci:ghp_geheim@git.example/a.git", f"https://ci:{MASK}@git.example/a.git"),
        ("mysql://u:ge@he@im@db/x", f"mysql://u:{MASK}@db/x"),
        ("postgres://u:ge:he/im@db/x", f"postgres://u:{MASK}@db/x"),
        ("(postgres://u:geheim@db)", f"(postgres://u:{MASK}@db)"),
        ("a://u:geheim@b c://v:heimlich@d", f"a://u:{MASK}@b c://v:{MASK}@d"),
        ("postgres://db/x?user=u&password=geheim&a=b", f"postgres://db/x?user=u&password={MASK}&a=b"),
        ("postgres://db/x?sslPassword=geheim", f"postgres://db/x?sslPassword={MASK}"),
        ("postgres://user@db/x", "postgres://user@db/x"),
        ("http://127.0.0.1:3000/api/health", "http://127.0.0.1:3000/api/health"),
        ("mail a@b, see http://x:80/", "mail a@b, see http://x:80/"),
        ("12:30 a@b", "12:30 a@b"),
    ],
)
def test_a_password_in_a_url_is_masked_though_nobody_told_us(text: str, left: str) -> None:
    assert Redactor().line(text) == left


@given(
    st.from_regex(r"[A-Za-z][a-z+.-]{0,8}", fullmatch=True),
    st.text(st.sampled_from("ab:@/%?#é"), min_size=1, max_size=12),
)
def test_no_password_of_a_url_gets_through(scheme: str, password: str) -> None:
    line = Redactor().line(f"{scheme}://user:{password}@host.example/db")
    assert line == f"{scheme}://user:{MASK}@host.example/db"


@pytest.mark.parametrize(
    "text",
    [
        "a-" * 500_000 + "://@",
        "://a:" * 200_000,
        "://a:" * 200_000 + "@",
        "a:b@://" * 140_000,
        "correct-horse-batter" * 50_000,
        "%63orrect-" * 100_000,
        "\x1b[" * 500_000,
        "\x1b]" * 500_000,
        "\x1b" + " " * 1_000_000,
        "\x9b0 " * 300_000,
        "?password=&" * 90_000 + "://@",
        "\x9d\x90" * 500_000 + "\x1bx",
        "a" + "\u0300" * 500_000,
        "─\u0300" * 500_000,
    ],
    ids=range(14),
)
def test_a_long_hostile_line_takes_linear_time(text: str) -> None:
    # Quadratic, one of these takes many minutes: the test run itself is the limit, not a clock.
    redactor = Redactor(["correct-horse-battery"])
    assert "correct-horse-battery" not in redactor.text(clean(text))
    assert len(redactor.line(text)) <= LINE_LIMIT + 1


def test_a_long_text_of_which_little_is_left_keeps_that() -> None:
    assert Redactor(["geheim"]).line("told\x1b]0;" + "x" * 100_000) == "told…"


@pytest.mark.parametrize("hidden", ["correct-horse-battery", "%63orrect-horse-batter%79", "postgres://u:geheimnis@db"])
@pytest.mark.parametrize("before", ["x ", "\x1b[1m", "é "])
def test_where_a_long_text_is_cut_no_beginning_of_a_secret_stays(hidden: str, before: str) -> None:
    """Escapes shrink to nothing: what stands at the cut may come to stand among what is kept."""
    redactor = Redactor(["correct-horse-battery"])
    for length in (16 * 1024, 64 * 1024):
        for within in range(1, len(hidden)):
            text = (before * length)[: length - within] + hidden + " and more" * 10_000
            for told in (redactor.line(text), redactor.block(text)):
                assert not any(piece in told for piece in ("corr", "%63", "gehe")), (length, within)
