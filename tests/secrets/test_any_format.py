"""A credential under a telling name is found in whatever format a text is, and nothing else is changed."""

from __future__ import annotations

import base64
import json

import pytest
from helpers.answers import interaction
from helpers.looking import secrets_in

from pytest_hubfiles.secrets import credentials_in, scrub
from pytest_hubfiles.secrets.write_guard import WriteGuard

X = "s3cr3tV4lueTh4tIsL0ng"
FORMATS = {
    "JSON in a message": '{"message":"Invalid input JSON on line 1: {\\"refresh_token\\": \\"<x>\\"}"}',
    "JSON in a message, twice": json.dumps({"m": json.dumps({"m": 'bad: {"apiKey": "<x>", "a": 1}'})}),
    "JSON in text, escaped": 'error: {\\"refresh_token\\": \\"<x>\\"}, twice {\\\\\\"a\\\\\\": 1}',
    "event stream": 'event: token\ndata: {"access_token":"<x>"}\n\ndata: {"n": 1}\n\n',
    "event stream, fields": "event: a\ndata: access_token=<x>\n\n",
    "NDJSON": '{"a": 1}\n{"clientSecret": "<x>"}\n',
    "JSONP": 'callback({"access_token":"<x>"});',
    "JSON, guarded": ')]}\',\n{"access_token":"<x>"}',
    "JSON with comments": '// a\n{"access_token": "<x>", /* b */ "c": 1}',
    "a signed form of AWS": '{"url": "https://x.net", "fields": {"key": "a", "x-amz-signature": "<x>"}}',
    "a signed form of Google": "key=a&x-goog-signature=<x>",
    "XML": "<?xml version='1.0'?><r><access_token>\n <x> </access_token><n>1</n></r>".replace("\n <x> ", "<x>"),
    "XML, spaced": "<r>\n  <ns:clientSecret xsi:type='s'>\n    <x>\n  </ns:clientSecret>\n</r>",
    "XML, CDATA": "<r><password><![CDATA[<x>]]></password></r>",
    "XML, attribute": '<user token="<x>" name="a"/>',
    "XML, named": '<r><param name="api_key" value="<x>"/></r>',
    "XML, named last": '<r><param value="<x>" name="api_key"/></r>',
    "XML, named element": '<r><string name="api_key">a</string><string name="apiKey"><x></string></r>',
    "HTML form": '<form><input type="hidden" name="csrf_token" value="<x>"></form>',
    "HTML meta": '<meta name="csrf-token" content="<x>" />',
    "CSV": "id,access_token,n\r\n1,<x>,2\r\n2,<x>,3\r\n",
    "CSV, quoted": '"id";"client secret";"n"\n"1";"<x>";"2"\n',
    "TSV": "id\tapiKey\n1\t<x>\n",
    "YAML": "a: 1\naccess_token: <x>\nb: [1]\n",
    "YAML, quoted": "a: 1\n'access_token': '<x>'\n",
    "YAML, list": 'tokens:\n  - <x>\n  - "<x>"\nb: 1\n',
    "YAML, flow": "tokens: [<x>, <x>]\n",
    "YAML, block": "private_key: |\n  <x>\n  <x>\nb: 1\n",
    "YAML, pairs": "env:\n- name: API_TOKEN\n  value: <x>\n",
    "env": "A=1\nexport HUBSPOT_TOKEN=<x>\n",
    "INI": "[a]\npassword = <x>\n",
    "TOML": 'a = 1\ntoken = "<x>"\n',
    "Python": "{'access_token': '<x>', 'n': None}",
    "Ruby": '{"access_token" => "<x>", :n => 1}',
    "PHP": "$config['api_key'] = '<x>';",
    "JavaScript": "const apiKey = `<x>`; let n = 1",
    "pairs": '{"headers": [{"name": "X-Api-Key", "value": "<x>"}, {"name": "b", "value": "c"}]}',
    "pairs, value first": '{"value": "<x>", "name": "api_key"}',
    "pairs, listed": '[{"key": "accessToken", "value": ["<x>", "<x>"]}]',
    "array": '{"tokens": ["<x>"], "n": ["a"]}',
    "array of arrays": '{"apiKeys": [["<x>"], []]}',
    "object": '{"token": {"value": "<x>", "type": "bearer"}}',
    "object, deep": '{"credentials": {"a": {"b": ["<x>"]}}}',
    "log": "2026-10-05 INFO sent token=<x> to a",
    "header, written out": 'GET / HTTP/1.1\r\nAuthorization: Token token="<x>"\r\nAccept: a\r\n',
    "cookie, written out": "Cookie: lang=en; session=<x>\n",
    "curl": "curl -H 'X-Custom-Key: <x>' https://x.example/",
    "JSON in HTML": "<div data-props='{&quot;access_token&quot;:&quot;<x>&quot;}'>",
    "XML in XML": "<r>&lt;access_token&gt;<x>&lt;/access_token&gt;</r>",
    "escapes of JavaScript": 'var a = "{\\x22access_token\\x22:\\x22<x>\\x22, \\u0022apiKey\\u0022:\\u0022<x>\\u0022}"',
    "XML, attribute of an element": '<r><secret value="<x>"/></r>',
    "property list": "<dict><key>accessToken</key><string><x></string></dict>",
    "XML-RPC": "<member><name>api_key</name><value><string><x></string></value></member>",
    "HTML table": "<tr><th>API key</th><td><x></td></tr>",
    "CSV, with a comment": "# made by us\nid,token\n1,<x>\n",
    "CSV, commas in cells": '"name, full",token\n"a, b",<x>\n',
    "CSV, names and values": "key,value\na,b\napi_key,<x>\n",
    "table of bars": "|id|token|\n|--|--|\n|1|<x>|\n",
    "listed pairs": '{"headers": [["Accept", "a/b"], ["X-Api-Key", "<x>"]]}',
    "pairs of any name": '{"headerName": "X-Api-Key", "headerValue": "<x>"}',
    "pairs of a type": '{"type": "password", "value": "<x>"}',
    "said in a message": 'invalid token (<x>), and the api_key "<x>" is unknown',
    "GraphQL": '{"query": "mutation { login(token: \\"<x>\\") { id } }"}',
    "properties": "hubspot.api.key=<x>\nhubspot.client-secret : <x>\n",
    "multipart": '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n{"n": 1}\r\n--b\r\n'
    'Content-Disposition: form-data; name="sessionId"\r\n\r\n<x>\r\n--b--\r\n',
}
NAMES = [
    *("accessTokenV2", "sessionId", "passwordHash", "X-Custom-Key", "access_token_2", "newPassword", "apiKeyV1"),
    *("ACCESS_TOKEN", "refreshtoken", "clientsecret", "session_token", "JSESSIONID", "password_confirmation", "auth"),
    *("webhookSecretOld", "privateKeyPem", "aws_secret_access_key", "subscriptionKey"),
    *("masterKey", "dbPwd", "token_b64"),
    *("oauth_token_secret", "csrfToken", "xsrf_token", "credentials", "apiKeys", "refreshTokens", "authorization"),
]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format(name: str) -> None:
    """It is found, replaced, and nothing else changes; the second look finds nothing."""
    sent = FORMATS[name].replace("<x>", X)
    made = interaction("GET", "/a", sent.encode(), content_type="text/plain")
    found = scrub(made)
    assert found.interaction.response_body.decode() == sent.replace(X, "SCRUBBED")
    assert found.places
    assert X in found.values
    assert secrets_in(found.interaction) == []


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-16", "text/plain"])
@pytest.mark.parametrize("name", ["array", "XML", "YAML", "event stream"])
def test_every_charset(name: str, content_type: str, charset: str) -> None:
    """It is decoded first, whether its charset is said, is said wrongly or is not said."""
    sent = FORMATS[name].replace("<x>", X)
    found = scrub(interaction("GET", "/a", sent.encode(charset), content_type=content_type))
    assert found.interaction.response_body.decode(charset) == sent.replace(X, "SCRUBBED")
    assert found.places


@pytest.mark.parametrize("charset", ["latin-1", "cp1252", "shift_jis", "cp037", "utf-7"])
def test_charsets_that_are_said(charset: str) -> None:
    """Whatever charset an answer names is the one that it is read in."""
    sent = FORMATS["XML"].replace("<x>", X)
    found = scrub(interaction("GET", "/a", sent.encode(charset), content_type=f"text/xml; charset={charset}"))
    assert found.interaction.response_body.decode(charset) == sent.replace(X, "SCRUBBED")


@pytest.mark.parametrize("name", NAMES)
def test_every_name(name: str) -> None:
    """A name tells by its parts, in JSON, in a text and as a head of a column."""
    for sent in (json.dumps({name: X, "n": 1}), f'said: "{name}": "{X}"', f"n,{name}\n1,{X}\n"):
        kept = scrub(interaction("GET", "/a", sent.encode(), content_type="text/plain")).interaction.response_body
        assert kept.decode() == sent.replace(X, "SCRUBBED")


BY_PLACE_ALONE = (  # what the write guard does not learn: scrubbing alone knows it there
    *("CSV", "CSV, quoted", "TSV", "YAML, list", "YAML, flow", "YAML, block", "JSON in HTML", "XML in XML"),
    *("property list", "XML-RPC", "HTML table", "CSV, with a comment", "CSV, commas in cells", "CSV, names and values"),
    *("table of bars", "listed pairs", "pairs of any name", "pairs of a type", "said in a message"),
    *("escapes of JavaScript", "XML, attribute of an element"),
)


@pytest.mark.parametrize("name", [n for n in FORMATS if n not in ("cookie, written out", "log", "curl")])
def test_what_was_sent_so_is_known_to_the_write_guard(name: str) -> None:
    """The write guard learns it from most formats with code of its own."""
    guard = WriteGuard()
    guard.learn("https://x.example/", {}, FORMATS[name].replace("<x>", X).encode())
    assert X in guard.values or name in BY_PLACE_ALONE


# --- headers --------------------------------------------------------------------------------------------------

Y = "an0ther5ecretV4lue"
SENT = {
    "Bearer": ({"Authorization": f"Bearer {X}"}, {X}),
    "none": ({"Authorization": X}, {X}),
    "Token": ({"Authorization": f'Token token="{X}"'}, {X}),
    "Token, plain": ({"Authorization": f"Token {X}"}, {X}),
    "Token, two": ({"Authorization": f'Token token="{X}", nonce="def"'}, {X}),
    "OAuth 1": (
        {"Authorization": f'OAuth realm="r", oauth_consumer_key="{Y}", oauth_token="{X}", oauth_version="1.0"'},
        {X, Y},
    ),
    "OAuth 1, encoded": ({"Authorization": 'OAuth oauth_signature="tn3nNFMfDq%2BMZ8k%3D7"'}, {"tn3nNFMfDq+MZ8k=7"}),
    "Digest": ({"Authorization": f'Digest username="me", realm="r", uri="/a", response="{X}", cnonce="{Y}"'}, {X, Y}),
    "AWS4": (
        {"Authorization": f"AWS4-HMAC-SHA256 Credential={Y}/20261005/us-east-1/s3/aws4_request, Signature={X}"},
        {X, Y},
    ),
    "AWS": ({"Authorization": f"AWS {Y}:{X}"}, {X, Y}),
    "Basic": ({"Authorization": f"Basic {base64.b64encode(f'me:{X}'.encode()).decode()}"}, {X}),
    "Basic, user": ({"Authorization": f"Basic {base64.b64encode(f'{X}:'.encode()).decode()}"}, {X}),
    "Hawk": ({"Authorization": f'Hawk id="{Y}", ts="1353832234", mac="{X}"'}, {X, Y}),
    "ApiKey": ({"Authorization": f"ApiKey {X}"}, {X}),
    "parameters": ({"Proxy-Authorization": f"GoogleLogin auth={X}"}, {X}),
    "X-Custom-Key": ({"X-Custom-Key": X}, {X}),
    "Ocp": ({"Ocp-Apim-Subscription-Key": X}, {X}),
    "private-app": ({"private-app": X}, {X}),
    "X-Auth": ({"X-Auth": f"Bearer {X}"}, {X}),
    "X-Signature": ({"X-Hub-Signature-256": f"sha256={X}"}, set()),
    "Cookie": ({"Cookie": f"region=us-east-1; a={X}; theme=dark-mode-2"}, {X}),
}


@pytest.mark.parametrize("name", SENT)
def test_every_scheme(name: str) -> None:
    """Each secret part of a header that was sent is known to scrubbing and to the write guard."""
    headers, parts = SENT[name]
    lists = {header: (value,) for header, value in headers.items()}
    guard = WriteGuard()
    guard.learn("https://x.example/", lists, b"")
    assert parts <= credentials_in(lists)
    assert parts <= guard.values
    known = credentials_in(lists) | guard.values
    assert not known & {"us-east-1", "aws4_request", "20261005", "dark-mode-2", "region=us-east-1", "me", "1353832234"}
    answer = interaction("GET", "/a", {"a": f"you sent {' and '.join(parts)}", "b": "s3.us-east-1.amazonaws.com"})
    kept = scrub(answer, known).interaction.response_body.decode()
    assert not any(part in kept for part in parts)
    assert "s3.us-east-1.amazonaws.com" in kept


@pytest.mark.parametrize("name", ["auth", "key", "sid", "session", "api_key", "sessionId", "signature", "code"])
def test_every_parameter(name: str) -> None:
    """A parameter of such a name is scrubbed, and known to the write guard."""
    url = f"https://x.example/?a=1&{name}={X}"
    guard = WriteGuard()
    guard.learn(url, {}, b"")
    assert guard.values == {X}
    assert scrub(interaction("GET", f"/?a=1&{name}={X}")).values == {X}
