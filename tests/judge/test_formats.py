"""The formats that are checked, against the cases of the JSON Schema Test Suite (MIT) and more of their kind."""

from __future__ import annotations

import pytest

from pytest_hubfiles.judge.validator import FORMATS

VALID: dict[str, list[str]] = {
    "email": [
        "joe.bloggs@example.com", "te~st@example.com", "~test@example.com", "test~@example.com",
        '"joe bloggs"@example.com', '"joe..bloggs"@example.com', '"joe@bloggs"@example.com', '"a\\"b"@example.com',
        "joe.bloggs@[127.0.0.1]", "joe.bloggs@[IPv6:::1]", "te.s.t@example.com", "riedgar+guidance@example.com",
        "a@b", "a@xn--bcher-kva.example", "a@1.example", "!#$%&'*+/=?^_`{|}~-@example.com", f"{'a' * 64}@b.example",
    ],
    "date-time": [
        "1963-06-19T08:30:06.283185Z", "1963-06-19T08:30:06Z", "1937-01-01T12:00:27.87+00:20",
        "1990-12-31T15:59:50.123-08:00", "1998-12-31T23:59:60Z", "1998-12-31T15:59:60.123-08:00",
        "1963-06-19t08:30:06.283185z", "2016-12-31T23:59:60Z", "2012-07-01T01:59:60+02:00", "2015-06-30T23:59:60.5Z",
        "1972-06-30t23:59:60z", "2024-02-29T12:00:00Z",
    ],
    "time": [
        "08:30:06Z", "23:59:60Z", "23:59:60+00:00", "01:29:60+01:30", "23:29:60+23:30", "15:59:60-08:00",
        "00:29:60-23:30", "23:20:50.52Z", "08:30:06.283185Z", "08:30:06+00:20", "08:30:06-08:00", "08:30:06z",
        "23:59:60.5Z",
    ],
}  # fmt: skip
INVALID: dict[str, list[str]] = {
    "email": [
        "2962", ".test@example.com", "test.@example.com", "te..st@example.com", "joe.bloggs@invalid=domain.com",
        "joe.bloggs@[127.0.0.300]", "user1@oceania.org, user2@oceania.org",
        '"Winston Smith" <winston.smith@recdep.minitrue>', "joe bloggs@example.com", "joe@bloggs@example.com",
        "@example.com", "joe@", "@", "", "joe@example..com", "joe@.example.com", "joe@example.com.", "joe@-a.example",
        "joe@a-.example", "joe@example.com\n", " joe@example.com", "joe@exam ple.com", "j\u00f6e@example.com",
        "joe@b\u00fccher.example", '"joe"bloggs@example.com', '"joe@example.com', "joe@[IPv6:127.0.0.1]",
        "joe@[IPv6:::1%25eth0]", "joe@[::1]", "joe@[]", f"{'a' * 65}@b.example", f"a@{'b' * 64}.example",
        f"a@{'.'.join(['b' * 60] * 5)}", "mailto:joe@example.com", "joe(comment)@example.com", "a" * 100_000,
        "joe@example_.com",
    ],
    "date-time": [
        "1998-12-31T23:59:61Z", "1998-12-31T23:58:60Z", "1998-12-31T22:59:60Z", "1990-02-31T15:59:59.123-08:00",
        "1990-12-31T15:59:59-24:00", "1963-06-19T08:30:06.28123+01:00Z", "06/19/1963 08:30:06 PST",
        "2013-350T01:01:01", "1963-6-19T08:30:06.283185Z", "1963-06-1T00:00:00Z", "1963-06-1\u09eaT00:00:00Z",
        "1963-06-11T0\u09ea:00:00Z", "1998-12-30T23:59:60Z", "1998-12-31T23:59:60+01:00", "1998-12-31T23:59:60",
        "1998-12-31T23:60:60Z", "1998-12-31 23:59:60Z", "9999-12-31T23:59:60-01:00", "0001-01-01T00:59:60+01:00",
        "1998-12-31T23:59:60Z\n", "1998-12-31T23:59:60.Z",
    ],
    "time": [
        "008:030:006Z", "8:3:6Z", "8:0030:6Z", "22:59:60Z", "23:58:60Z", "23:59:60+01:00", "23:59:60+00:30",
        "23:59:60-01:00", "23:59:60-00:30", "24:00:00Z", "00:60:00Z", "00:00:61Z", "01:02:03+24:00",
        "01:02:03+00:60", "01:02:03Z+00:30", "08:30:06 PST", "01:01:01,1111", "12:00:00", "12:00:00.52",
        "1\u09e8:00:00Z", "08:30:06#00:20", "ab:cd:ef", "23:59:60",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in VALID.items() for text in texts])
def test_valid(name: str, text: str) -> None:
    """What has the format passes."""
    assert FORMATS.conforms(text, name)


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in INVALID.items() for text in texts], ids=lambda text: text[:40]
)
def test_invalid(name: str, text: str) -> None:
    """What has not is refused."""
    assert not FORMATS.conforms(text, name)


@pytest.mark.parametrize("name", sorted(VALID))
@pytest.mark.parametrize("value", [12, 13.7, {}, [], False, None], ids=repr)
def test_other_values(name: str, value: object) -> None:
    """A format says something of texts only."""
    assert FORMATS.conforms(value, name)
