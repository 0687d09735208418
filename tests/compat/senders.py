"""How each client sends: the text of a function ``send(method, url, body)`` that returns the answer's JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Sender:
    """A client, the packages it comes from, and the source of its ``send``."""

    name: str
    packages: tuple[str, ...]
    source: str
    often: bool = False
    cannot: str = ""
    refusal: str = ""


_UNSEEN: Final = "it has sockets of its own in C, which nothing in Python sees"
_NO_STUB: Final = "vcrpy has no stub for it"

SENDERS: Final = (
    Sender("requests", ("requests",), """
import requests
def send(method, url, body=None):
    return requests.request(method, url, json=body, headers=HEADERS).json()
""", often=True),
    Sender("httpx", ("httpx",), """
import httpx
def send(method, url, body=None):
    with httpx.Client(headers=HEADERS) as client:
        return client.request(method, url, json=body).json()
""", often=True),
    Sender("httpx, HTTP/2", ("httpx[http2]",), """
import httpx
def send(method, url, body=None):
    with httpx.Client(headers=HEADERS, http2=True) as client:
        return client.request(method, url, json=body).json()
"""),
    Sender("aiohttp", ("aiohttp",), """
import aiohttp, asyncio
async def ask(method, url, body):
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        async with session.request(method, url, json=body) as answer:
            return await answer.json()
def send(method, url, body=None):
    return asyncio.run(ask(method, url, body))
""", often=True),
    Sender("urllib3", ("urllib3",), """
import urllib3
def send(method, url, body=None):
    return urllib3.request(method, url, json=body, headers=HEADERS).json()
"""),
    Sender("urllib3 1.26", ("urllib3<2", "requests"), """
import json, requests, urllib3
def send(method, url, body=None):
    if body is not None:
        return requests.request(method, url, json=body, headers=HEADERS).json()
    return json.loads(urllib3.PoolManager().request(method, url, headers=HEADERS).data)
"""),
    Sender("urllib", (), """
import json, urllib.request
def send(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {**HEADERS, "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
"""),
    Sender("http.client", (), """
import http.client, json, urllib.parse
def send(method, url, body=None):
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc)
    data = None if body is None else json.dumps(body)
    connection.request(method, parts.path, data, {**HEADERS, "Content-Type": "application/json"})
    answer = json.load(connection.getresponse())
    connection.close()
    return answer
"""),
    Sender("niquests", ("niquests",), """
import niquests
def send(method, url, body=None):
    return niquests.request(method, url, json=body, headers=HEADERS).json()
"""),
    Sender("httplib2", ("httplib2",), """
import httplib2, json
def send(method, url, body=None):
    data = None if body is None else json.dumps(body)
    _, content = httplib2.Http().request(url, method, data, headers={**HEADERS, "Content-Type": "application/json"})
    return json.loads(content)
"""),
    Sender("tornado", ("tornado",), """
import asyncio, json, tornado.httpclient
async def ask(method, url, body):
    data = None if body is None else json.dumps(body)
    answer = await tornado.httpclient.AsyncHTTPClient().fetch(url, method=method, body=data, headers=HEADERS)
    return json.loads(answer.body)
def send(method, url, body=None):
    return asyncio.run(ask(method, url, body))
"""),
    Sender("botocore", ("botocore",), """
import json, botocore.awsrequest, botocore.httpsession
def send(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = botocore.awsrequest.AWSRequest(method, url, {**HEADERS, "Content-Type": "application/json"}, data)
    return json.loads(botocore.httpsession.URLLib3Session().send(request.prepare()).content)
"""),
    Sender("requests-toolbelt", ("requests", "requests-toolbelt"), """
from requests_toolbelt.sessions import BaseUrlSession
def send(method, url, body=None):
    return BaseUrlSession(base_url=url).request(method, url, json=body, headers=HEADERS).json()
"""),
    Sender("requests-cache", ("requests", "requests-cache"), """
import requests_cache
def send(method, url, body=None):
    session = requests_cache.CachedSession(backend="memory", expire_after=0)
    return session.request(method, url, json=body, headers=HEADERS).json()
"""),
    Sender("requests-oauthlib", ("requests", "requests-oauthlib"), """
import os
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the fake server speaks plain HTTP
from requests_oauthlib import OAuth2Session
def send(method, url, body=None):
    session = OAuth2Session(token={"access_token": "a-token-for-compat", "token_type": "Bearer"})
    return session.request(method, url, json=body).json()
"""),
    Sender("tenacity", ("requests", "tenacity"), """
import requests, tenacity
@tenacity.retry(stop=tenacity.stop_after_attempt(2), reraise=True)
def send(method, url, body=None):
    return requests.request(method, url, json=body, headers=HEADERS).json()
"""),
    Sender("gevent", ("requests", "gevent"), """
import gevent.pool, requests
def send(method, url, body=None):
    return gevent.pool.Pool(1).apply(lambda: requests.request(method, url, json=body, headers=HEADERS).json())
"""),
    Sender("hubspot-api-client", ("hubspot-api-client",), """
import json
from hubspot.files import ApiClient, Configuration
def send(method, url, body=None):
    headers = {**HEADERS, "Content-Type": "application/json"}
    with ApiClient(Configuration(host=url.partition("/files/")[0])) as api:
        return json.loads(api.rest_client.request(method, url, headers=headers, body=body).data)
"""),
    Sender("curl_cffi", ("curl_cffi",), """
import curl_cffi.requests
def send(method, url, body=None):
    return curl_cffi.requests.request(method, url, json=body, headers=HEADERS).json()
""", cannot=_UNSEEN, refusal="no request was seen"),
    Sender("niquests, async", ("niquests",), """
import asyncio, niquests
async def ask(method, url, body):
    async with niquests.AsyncSession() as session:
        return (await session.request(method, url, json=body, headers=HEADERS)).json()
def send(method, url, body=None):
    return asyncio.run(ask(method, url, body))
""", cannot=_NO_STUB, refusal="this client is not recorded"),
    Sender("aiosonic", ("aiosonic",), """
import aiosonic, asyncio
async def ask(method, url, body):
    async with aiosonic.HTTPClient() as client:
        return await (await client.request(url, method, json=body, headers=HEADERS)).json()
def send(method, url, body=None):
    return asyncio.run(ask(method, url, body))
""", cannot=_NO_STUB, refusal="this client is not recorded"),
    Sender("pycurl", ("pycurl",), """
import io, json, pycurl
def send(method, url, body=None):
    curl, answer = pycurl.Curl(), io.BytesIO()
    curl.setopt(pycurl.URL, url)
    headers = {**HEADERS, "Content-Type": "application/json"}
    curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
    if body is not None:
        curl.setopt(pycurl.POSTFIELDS, json.dumps(body))
    curl.setopt(pycurl.WRITEDATA, answer)
    curl.perform()
    curl.close()
    return json.loads(answer.getvalue())
""", cannot=_UNSEEN, refusal="no request was seen"),
)  # fmt: skip
