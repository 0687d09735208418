"""Texts that look like a credential, a mail address or a signed URL, and are none: nothing of them may be changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

_FILES = [
    *("icon@large.png", "icon@2x.png", "logo@1.5x.jpg", "react@18.min.js", "lodash@4.17.21.min.js", "vue@next.tar.gz"),
    *("fonts@latest.woff2", "a@b.component.ts", "page@media.css", "photo@home.jpeg", "img@thumb.webp", "doc@v2.pdf"),
    *("movie@1080p.mp4", "archive@2026-10-05.zip", "README@v2.md", "main@3.rs", "app@1.py", "run@2.sh", "data@eu.json"),
    *("sprite@small.svg", "icon@retina.gif", "song@live.mp3", "table@all.csv", "slides@final.pptx", "letter@old.docx"),
]
_PACKAGES = [
    *("git@github.com:hubspot/api.git", "git@gitlab.example.com:team/x.git", "ssh://git@github.com/hubspot/x.git"),
    *("git+ssh://git@github.com/hubspot/x.git", "deploy@server.example.org:/srv/www/", "@hubspot/api-client@12.0.0"),
    *("react@18.2.0", "left-pad@1.3.0", "actions/checkout@v4.2.1", "pypa/gh-action@release/v1", "node@sha256:deadbeef"),
    *("pkg:npm/%40angular/core@16.0.0", "npm i typescript@5.4.5", "esbuild@0.19.12/lib/main.js", "@types/node@20.1.0"),
    *("python@3.12-slim", "requests==2.32.3", "urllib3>=2.0,<3", "pytest-hubfiles 0.1.0", "hubspot-api-client-php@11"),
]
_PLACES = [
    *("us-east-1", "eu-central-1", "ap-southeast-2", "s3.us-east-1.amazonaws.com", "europe-west4-a", "na1", "eu1"),
    *("f.hubspotusercontent-na1.net", "api-eu1.hubapi.com"),
    *("app-eu1.hubspot.com", "144.fs1.hubspotusercontent-eu1.net"),
    *("https://api.hubapi.com/oauth/v1/token", "https://app.hubspot.com/oauth/authorize?scope=files%20oauth", "en-US"),
    *("http://localhost:8080/token", "/oauth/v1/access-tokens/{token}"),
    *("/access_tokens/{uuid}", "/refresh-tokens/:token"),
    *("https://x.example/?code=DE", "https://x.example/?code=E404&lang=en-us", "?after=NTI1Cg%3D%3D&limit=100"),
    *("https://x.example/?sort=-createdAt&key=name", "?nextPageToken=AAAAEZ6whGI3d1bQ"),
    *("?policy=strict&sid=", "?auth=none"),
    *("postgres://user:password@localhost/db", "https://user:pass@example.com/", "mailto:", "user@localhost", "a@b"),
]
_WORDS = [
    *("PUBLIC_NOT_INDEXABLE", "HIDDEN_PRIVATE", "ENTIRE_PORTAL", "RETURN_EXISTING", "private-app-legacy", "COMPLETE"),
    *("Basic authentication is off", "a bearer token is needed", "the token: invalid, key=value", "Bearer tokens"),
    *("Csrf token is missing from the request.", "Authentication credentials not found"),
    *("token expired 75 second(s) ago"),
    *("password: required", "The field password must have at least 8 characters", "secret: true", "API key: not given"),
    *("set-cookie: consent=yes", "session: started", "sessions=12", "The signature: none", "keys: a, b, c", "passed=3"),
    *("Authorization: Bearer <token>", "Authorization: Bearer $TOKEN"),
    *("X-Api-Key: ${API_KEY}", "hapikey=YOUR_HUBSPOT_API_KEY"),
    *('{"password": "password"}', 'token="***"', "<token>your-token-here</token>"),
    *("access_token=REPLACE_ME", "key: [FILTERED]"),
    *("name,token\na,your_token\n", "tokens:\n  - example-token\n"),
    *('data: {"token": "<token>"}\n\n', "token=xxxxxxxx"),
]
EXAMPLES = [
    *("password", "secret", "token", "fakekey", "fake-api-key"),
    *("dummy", "<YOUR-API-KEY>", "YOUR_API_KEY", "your-token-here"),
    *("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "00000000-0000-0000-0000-000000000000"),
    *("xxxx", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "pat-na1-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),
    *("REDACTED", "***"),
    *("[FILTERED]", "<redacted>", "**********", "changeme", "test", "test-token", "my-secret-key", "fake_access_token"),
    *("${HUBSPOT_ACCESS_TOKEN}", "{{ token }}", "{token}", "$TOKEN"),
    *("%API_KEY%", "__token__", "MOCK_TOKEN_123", "foobar"),
    *("pat-na1-00000000-0000-0000-0000-000000000000", "11111111-1111-1111-1111-111111111111", "1234567890", "abc123"),
    *("example-client-secret", "sample_refresh_token", "null", "none", "undefined"),
    *("n/a", "hidden", "removed", "masked"),
    *("invalid-token", "expired_token", "sk_test_4eC39HqLyjWDarjtT1zdp7dc", "aaaaaaaaaaaaaaaa", "dummy-key-for-tests"),
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
    ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
]
"""What stands where a credential would, and is documented or made up."""
_ABOUT = {  # names that speak of a credential, each with what may stand there
    "api key": "https://app.hubspot.com/l/api-key/",  # HubSpot's error for a key that is none has this link
    "secretName": "prod/hubspot-7f3a9b2c",
    "tokenName": "hubspot-ci-7f3a9b2c",
    "signatureStatus": "PENDING",
    "authorizationUrl": "https://app.hubspot.com/oauth/authorize",
    "tokenUrl": "https://api.hubapi.com/oauth/v1/token",
    "tokenType": "bearer",
    "token_type": "urn:ietf:params:oauth:token-type:jwt",
    "tokenEndpoint": "https://api.hubapi.com/oauth/v1/token",
    "passwordPolicy": "min8-upper1-digit1",
    "passwordUpdatedAt": "2026-10-05T09:14:02.117Z",
    "tokenExpiresAt": "2026-10-05T09:14:02.117Z",
    "tokensLeft": "1200",
    "maxTokens": 4096,
    "total_tokens": 17,
    "tokens": 5,
    "nextPageToken": "AAAAEZ6whGI3d1bQ9c",
    "startToken": "c3RhcnQtMTIzNDU2Nzg5",
    "syncToken": "CPDAlvWDx70CEPDA7v",
    "continuation_token": "1!72!MDAwMDI0IWZpbGVz",
    "path_to_token": "/run/secrets/t0k3n-f1l3",
    "secretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbC1d3",
    "keyName": "hubspot-k3y-7f3a",
    "publicKey": "MIIBIjANBgkqhkiG9w0BAQ7f3a",
    "primaryKey": "7f3a9b2c-1d4e",
    "idempotencyKey": "6f2b9c1e-33aa-4c5d-9e0f-0123456789ab",
    "objectKey": "library/7f3a9b2c/cat.png",
    "cookieDomain": "x7f3.example.com",
    "sessionTimeout": "PT30M12S",
    "author": "j4n3d03smith",
    "authorization": {"mode": "optional", "required": False},
    "auth": {"type": "oauth2", "flow": "authorizationCode"},
    "credentials": "include",
    "session": "started",
    "cookie": "consent=all",
    "cookies": ["theme=dark", "lang=en-US"],
    "hasPassword": True,
    "password": None,
    "isTokenValid": "yes",
    "passwordResetUrl": "https://x.example/reset",
    "secret": "",
    "properties": {"password": {"type": "string", "format": "password"}, "token": {"type": "string"}},
    "code": "VALIDATION_ERROR_42",
    "key": "hs_object_id",
    "signature": "none",
    "policy": "7f3a9b2c",
    "secretary": "j4n3-d03-1234",
    "tokenized": "7f3a9b2c1d4e",
}
_SPECS = Path(__file__).parents[2] / "schemas"


def _names_of_schemas() -> set[str]:
    """Return every field that HubSpot's schemas name, as far as they are on file."""
    names: set[str] = set()
    for path in sorted(_SPECS.rglob("*.json")):
        waiting = [json.loads(path.read_text(encoding="utf-8"))]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                names |= set(value["properties"]) if isinstance(value.get("properties"), dict) else set()
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value
    return names


PARAMETERS = [
    *("after", "allowsAnonymousAccess", "before", "createdAt", "createdAtGte", "encoding", "expirationSeconds"),
    *("expiresAt", "expiresAtGte", "extension", "fileMd5", "height", "ids", "idGte", "isUsableInContent"),
    *("limit", "name", "parentFolderIds", "path", "properties", "size", "sort", "type", "upscale", "url"),
    *("width",),
]
"""The parameters of HubSpot's Files API, which its OpenAPI documents name."""
FIELDS = [
    *("access", "after", "archived", "archivedAt", "before", "category", "charsetHunch", "clearExpires"),
    *("code", "completedAt", "context", "correlationId", "createdAt", "defaultHostingUrl"),
    *("duplicateValidationScope", "duplicateValidationStrategy", "encoding", "errors", "expiresAt"),
    *("extension", "file", "fileMd5", "fileName", "folder", "folderId", "folderPath", "height", "id", "in"),
    *("isUsableInContent", "link", "links", "message", "name", "next", "numErrors", "options", "overwrite"),
    *("paging", "parentFolderId", "parentFolderPath", "parentPath", "path", "prev", "requestedAt", "result"),
    *("results", "size", "sourceGroup", "startedAt", "status", "subCategory", "taskId", "ttl", "type"),
    *("updatedAt", "url", "width", "portalId", "appId", "hubId", "hub_domain", "scopes", "user_id"),
    *("token_type", "expires_in", "objectTypeId", "hs_object_id", "ownerId", "teamId", "formGuid", "vidOffset"),
    *("hasMore", "offset", "key"),
]
"""The fields of HubSpot's Files and OAuth APIs that are no credential, from its OpenAPI documents and its guides."""
_VALUE = "7f3a9b2c1d4e5f60718293"


def texts() -> Iterator[tuple[str, str]]:
    """Yield each harmless text with what it is."""
    for kind, group in (("file", _FILES), ("package", _PACKAGES), ("place", _PLACES), ("words", _WORDS)):
        for text in group:
            yield f"{kind} {text}", text
            yield f"{kind} {text} in JSON", json.dumps({"name": text, "n": [text]})
    for example in EXAMPLES:
        yield f"example {example}", json.dumps({"access_token": example, "apiKey": example})
        yield f"example {example} in text", f'sent {{"client_secret": "{example}"}} to you'
    for name, value in _ABOUT.items():
        yield f"name {name}", json.dumps({name: value, "a": [{name: value}]})
        if isinstance(value, str) and value and value.isascii():
            yield f"name {name} in text", f'{name}: "{value}"\n<{name}>{value}</{name}>\nn,{name}\n1,{value}\n'
    for name in sorted({*FIELDS, *_names_of_schemas()}):
        yield f"field {name}", json.dumps({name: _VALUE, "a": {name: [_VALUE]}})
    for name in PARAMETERS:
        yield f"parameter {name}", f"https://api.hubapi.com/files/v3/files?a=1&{name}={_VALUE}"


HEADERS = {
    "Cookie": "region=us-east-1; theme=dark-mode-2; lang=en-US; consent=all",
    "X-Cache-Key": "files-7f3a9b2c1d4e5f60",
    "Idempotency-Key": "6f2b9c1e-33aa-4c5d-9e0f-0123456789ab",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Surrogate-Key": "files/7f3a9b2c1d4e5f60",
    "X-Auth-Mode": "optional-auth-2",
    "Authorization-Type": "private-app-v2",
    "X-Token-Type": "bearer-7f3a9b2c1d4e",
    "X-Region": "us-east-1",
    "User-Agent": "hubspot-api-client-python; 12.0.0",
}
"""Headers of a request in which nothing is a credential."""

VARIABLES = {
    "HUBSPOT_TOKEN_ENDPOINT": "https://api.hubapi.com",
    "OAUTH_TOKEN_URL": "https://api.hubapi.com/oauth/v1/token",
    "TOKEN": "api.hubapi.com",
    "HUBSPOT_TOKEN": "api.hubapi.com:443",
    "SECRET_HOST": "vault.internal.example.com:8200",
    "OUR_SECRET": "import-from-url",
    "OUR_API_KEY": "/files/2026-03/files",
    "SOME_TOKEN": "files/2026-03/files/import-from-url/async",
    "CREDENTIALS": "/var/run/secrets/9f8e7d6c5b4a/token",
    "GOOGLE_APPLICATION_CREDENTIALS": "/home/some1/keys/service-account-2024.json",
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials-2",
    "WIN_SECRET": "C:\\Users\\some1\\hub2spot\\token.txt",
    "RELATIVE_SECRET": "./secrets/h4b5p6t7.token",
    "AWS_SECRET_REGION": "us-east-1",
    "VAULT_TOKEN": "eu-central-1-production",
    "SECRET_NAME": "prod/hubspot/token-v2",
    "SECRET": "arn:aws:secretsmanager:us-east-1:123456789012:secret:hubspot-AbC1dE",
    "TOKEN_KIND": "private-app-token-2026",
    "API_TOKEN": "application/json",
    "HUBSPOT_API_KEY": "PUBLIC_NOT_INDEXABLE",
    "ACCESS_TOKEN": "HIDDEN_NOT_INDEXABLE",
    "SIGNING_KEY": "AES-256-GCM-SHA384",
    "TOKEN_TTL": "1800000000000",
    "TOKEN_DATE": "2026-10-05T09:14:02.117Z",
    "KEY_SECRET": "2026-10-05-2026-11-05",
    "SECRET_OWNER": "someone1@example.org",
    "API_SECRET": "${HUBSPOT_ACCESS_TOKEN}",
    "API_KEY": "<YOUR-API-KEY-123>",
    "AWS_ACCESS_KEY": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "X_TOKEN": "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
    "Y_TOKEN": "00000000-0000-0000-0000-000000000000",
    "Z_TOKEN": "************************",
    "DB_PASSWORD": "development",
    "PASSWORD": "correcthorsebatterystaple",
    "HUB_SECRET": "developmentEnvironment",
    "LOCAL_TOKEN": "localhost:8080/files/2026-03",
    "IP_SECRET": "127.0.0.1:54321",
    "PGPASSWORD_KEY": "postgres://localhost:5432/files2",
    "CLI_CREDENTIALS": "keyring:hubspot-cli",
    "TOKEN_SCOPES": "files,files.ui_hidden.read,oauth",
    "API_TOKEN_VERSION": "2026-09-beta.1",
    "TOKENIZERS_PARALLELISM": "s3cr3t-v4lue-th4t-is-l0ng",
}
"""Variables of the environment that are named as credentials are, and hold none."""
