"""Keeps credentials out of everything that people read: logs, errors, reprs.

Two tools, used wherever client settings meet text: `masked` shows settings without their secrets,
`scrub` removes the secrets of settings from a text that somebody else wrote (librdkafka, a
traceback).

The rule errs towards hiding. librdkafka gains credentials with new releases, and nearly all of them
live in its `sasl.` and `ssl.` families, so a key of these families is secret unless it is listed
here as harmless; any other key is secret if its name holds a telling word.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

MASK = "********"

_FAMILIES = ("sasl.", "ssl.")

_HARMLESS = frozenset(
    {
        "sasl.kerberos.keytab",
        "sasl.kerberos.min.time.before.relogin",
        "sasl.kerberos.principal",
        "sasl.kerberos.service.name",
        "sasl.mechanism",
        "sasl.mechanisms",
        "sasl.oauthbearer.method",
        "sasl.username",
        "ssl.ca.location",
        "ssl.certificate.location",
        "ssl.cipher.suites",
        "ssl.crl.location",
        "ssl.curves.list",
        "ssl.endpoint.identification.algorithm",
        "ssl.key.location",
        "ssl.keystore.location",
        "ssl.providers",
        "ssl.sigalgs.list",
    }
)

_TELLING = re.compile(
    r"passw|passphrase|secret|token|credential|private|jaas|oauth|assertion|kinit|key\.pem"
    r"|user\.info|auth\.header|api\.key"
)

# `name=value` pairs inside one setting, as in sasl.jaas.config and sasl.oauthbearer.config.
_PAIR = re.compile(r"""([\w.\-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s;,"']+))""")
_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.\-]*://)([^/\s@]+)@", re.IGNORECASE)

# A secret shorter than this is removed only where it stands alone: cutting every "a" out of
# an error would make it unreadable and, by what is missing, tell the secret.
_SHORT = 4


def is_secret(key: str) -> bool:
    """Whether the value of this client setting must not be shown."""
    name = key.strip().lower().replace("_", ".").replace("-", ".")
    if name in _HARMLESS:
        return False
    return name.startswith(_FAMILIES) or _TELLING.search(name) is not None


def masked(settings: Mapping[str, object]) -> dict[str, object]:
    """The settings as they may be shown.

    Args:
        settings: Client settings, raw librdkafka names; nested mappings are taken apart too.

    Returns:
        A new dictionary with the same keys; the value of each secret is `********`, and so is the
        user and password part of a URL.
    """
    return {key: _masked_value(key, value) for key, value in settings.items()}


def scrub(text: str, settings: Mapping[str, object]) -> str:
    """Removes the secrets of the settings from a text.

    Found as they are written and as they come out of `repr`, JSON, URL and base64 encoders; a
    PEM is found line by line.

    Args:
        text: Anything that is about to be shown or stored.
        settings: The client settings whose secrets may be in it.

    Returns:
        The text with `********` in place of each.
    """
    spans = sorted(span for form in _forms(settings) for span in _find(text, form))
    pieces: list[str] = []
    shown = 0  # the text before this index is dealt with
    for start, end in spans:
        # Spans may overlap (one secret inside or across another): the union is what must go.
        if start >= shown:
            pieces += [text[shown:start], MASK]
        shown = max(shown, end)
    pieces.append(text[shown:])
    return "".join(pieces)


def _masked_value(key: str, value: object) -> object:
    if isinstance(value, Mapping):
        return masked({str(inner): item for inner, item in value.items()})
    if is_secret(key):
        return MASK
    if isinstance(value, str):
        return _USERINFO.sub(rf"\1{MASK}@", value)
    return value


def _secret_values(settings: Mapping[str, object]) -> Iterator[str]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _secret_values({str(inner): item for inner, item in value.items()})
            continue
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        text = str(value)
        if text.lower() in ("true", "false"):
            continue  # a switch whose name sounds like a secret
        if is_secret(key):
            yield text
            yield from (line for line in text.splitlines() if len(line) >= 16)  # a PEM's body
            for match in _PAIR.finditer(text):
                if is_secret(match[1]):
                    yield next(group for group in match.groups()[1:] if group is not None)
        for match in _USERINFO.finditer(text):
            yield match[2]
            yield match[2].partition(":")[2]


def _forms(settings: Mapping[str, object]) -> set[str]:
    secrets = {value for value in _secret_values(settings) if value.strip()}
    user = settings.get("sasl.username")
    forms = set(secrets)
    for secret in secrets:
        forms |= {repr(secret)[1:-1], json.dumps(secret)[1:-1]}
        forms |= {quote(_bytes(secret)), quote_plus(_bytes(secret))}
        if len(secret) >= _SHORT:
            forms |= {_base64(secret), _base64(f"{user}:{secret}")}
    return forms


def _base64(text: str) -> str:
    return base64.b64encode(_bytes(text)).decode("ascii")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _find(text: str, form: str) -> Iterator[tuple[int, int]]:
    if len(form) < _SHORT:
        for match in re.finditer(rf"(?<!\w){re.escape(form)}(?!\w)", text):
            yield match.span()
        return
    start = text.find(form)
    while start >= 0:
        yield start, start + len(form)
        start = text.find(form, start + 1)
