"""Secrets never reach a text that people read."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from streamreg._secrets import MASK, is_secret, masked, scrub

# No asterisk: a secret made of the mask's own character could not be told from it.
SECRETS = st.text(
    st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=4, max_size=40
).filter(lambda text: text.strip() and text.lower() not in ("true", "false"))
ANY_TEXT = st.text(max_size=60)


@pytest.mark.parametrize(
    "key",
    [
        "sasl.password",
        "SASL.Password",
        "sasl_plain_password",
        "sasl.jaas.config",
        "sasl.oauthbearer.config",
        "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.assertion.private.key.passphrase",
        "sasl.oauthbearer.assertion.private.key.pem",
        "sasl.kerberos.kinit.cmd",
        "ssl.key.password",
        "ssl.key.pem",
        "ssl.keystore.password",
        "ssl.some.future.setting",
        "sasl.some.future.setting",
        "oauth_cb",
        "basic.auth.user.info",
        "proxy.password",
    ],
)
def test_a_key_that_may_hold_a_secret_is_secret(key: str) -> None:
    """Known credentials, and whatever a later librdkafka puts beside them, are hidden."""
    assert is_secret(key)
    assert masked({key: "hunter2"}) == {key: MASK}


@pytest.mark.parametrize(
    "key",
    [
        "bootstrap.servers",
        "group.id",
        "session.timeout.ms",
        "security.protocol",
        "sasl.mechanism",
        "sasl.mechanisms",
        "sasl.username",
        "ssl.ca.location",
        "partition.assignment.strategy",
    ],
)
def test_a_key_that_a_reader_needs_is_shown(key: str) -> None:
    """What is needed to find out why a connection fails stays readable."""
    assert masked({key: "value"}) == {key: "value"}


def test_masking_reaches_nested_settings_and_urls() -> None:
    """A secret is hidden wherever the settings hold it, and the settings themselves stay as is."""
    settings = {
        "default.topic.config": {"ssl.key.pem": "abc", "acks": "all"},
        "client.rack": "http://user:hunter2@proxy:80/x",
        "retries": 3,
    }
    shown = masked(settings)
    assert shown == {
        "default.topic.config": {"ssl.key.pem": MASK, "acks": "all"},
        "client.rack": f"http://{MASK}@proxy:80/x",
        "retries": 3,
    }
    assert "hunter2" in str(settings)


@settings(deadline=None)  # a shared machine may be slow; slowness is no fault here
@seed(1)
@given(secret=SECRETS, before=ANY_TEXT, after=ANY_TEXT)
def test_law_no_secret_survives_scrubbing(secret: str, before: str, after: str) -> None:
    """Whatever text stands around it, a secret is not in the scrubbed text."""
    assert secret not in scrub(before + secret + after + secret, {"sasl.password": secret})


@settings(deadline=None)  # a shared machine may be slow; slowness is no fault here
@seed(2)
@given(secret=SECRETS)
def test_law_encoded_secrets_are_scrubbed_too(secret: str) -> None:
    """The forms that repr, JSON, URLs and HTTP headers give a secret are found as well."""
    settings = {"sasl.password": secret, "sasl.username": "alice"}
    basic = base64.b64encode(f"alice:{secret}".encode()).decode()
    for form in (repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret), basic):
        assert scrub(f"<{form}>", settings) == f"<{MASK}>"


@settings(deadline=None)  # a shared machine may be slow; slowness is no fault here
@seed(3)
@given(text=ANY_TEXT)
def test_law_a_text_without_secrets_is_left_alone(text: str) -> None:
    """Settings without secrets change nothing."""
    assert scrub(text, {"bootstrap.servers": "host:9092", "sasl.password": ""}) == text


def test_secrets_that_overlap_are_scrubbed_as_one() -> None:
    """Where two secrets share characters, no end of either is left over."""
    settings = {"sasl.password": "abcdef", "ssl.key.password": "defghi"}
    assert scrub("x abcdefghi y", settings) == f"x {MASK} y"


def test_a_short_secret_is_scrubbed_only_where_it_stands_alone() -> None:
    """A password "a" leaves the words of an error readable."""
    settings = {"sasl.password": "a"}
    assert scrub("failed: password a refused", settings) == f"failed: password {MASK} refused"


def test_the_lines_of_a_pem_are_scrubbed_one_by_one() -> None:
    """A key that is logged line by line is found too."""
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END PRIVATE KEY-----\n"
    assert scrub("line 2: MIIEvQIBADANBgkqhkiG9w0B", {"ssl.key.pem": pem}) == f"line 2: {MASK}"


def test_the_password_inside_a_jaas_setting_is_scrubbed() -> None:
    """A secret within a setting of several parts is one by itself."""
    jaas = 'ScramLoginModule required username="alice" password="hunter2";'
    assert scrub("alice: hunter2", {"sasl.jaas.config": jaas}) == f"alice: {MASK}"


def test_a_numeric_password_is_scrubbed() -> None:
    """A password need not be a string."""
    assert scrub("refused 123456", {"sasl.password": 123456}) == f"refused {MASK}"
