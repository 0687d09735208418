"""The answers that replace those of an operation: for refused tokens, and under fault switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

from pytest_hubfiles.model import known_answers
from pytest_hubfiles.sandbox.calls import Answer, Call, envelope, json_answer

NOT_FOUND_PAGE = Answer(404, known_answers.NOT_FOUND_PAGE, known_answers.ROUTER_HTML, sender="router")


# --- tokens ------------------------------------------------------------------------------------------------


def refused(call: Call) -> Answer | None:
    """Return the refusal of the token of *call*, None if it is accepted."""
    scheme, _, given = call.request.headers.get("authorization", "").partition(" ")
    token = given.strip() if scheme.lower() == "bearer" else ""
    if not token:
        query = call.request.path.partition("?")[2]
        token = parse_qs(query).get("hapikey", [""])[0]
    refusal = _REFUSALS.get(token)
    return refusal(call) if refusal else None


def _no_credentials(call: Call) -> Answer:
    message = (
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find "
        "more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
    )
    # The message is [R] 2026-04; the category is from a second-hand report.
    return json_answer(401, envelope(call, message, category="INVALID_AUTHENTICATION"))


def _expired(ago: str, at: str) -> Callable[[Call], Answer]:
    def refusal(call: Call) -> Answer:
        message = f"The OAuth token used to make this call expired {ago} ago."
        more = {"category": "EXPIRED_AUTHENTICATION", "context": {"expire time": [at]}}
        return json_answer(401, envelope(call, message, **more))

    return refusal


def _no_scopes(call: Call) -> Answer:
    page = "https://developers.hubspot.com/scopes"
    message = (
        "This app hasn't been granted all required scopes to make this call. "
        f"Read more about required scopes here: {page}."
    )
    detail = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(call.operation.scopes)},
    }
    more = {"errors": [detail], "links": {"scopes": page}, "category": "MISSING_SCOPES"}
    return json_answer(403, envelope(call, message, **more))


# The tokens that are refused; any other is accepted. "" is no token.
_REFUSALS: Mapping[str, Callable[[Call], Answer]] = {
    "": _no_credentials,
    "expired": _expired("75 second(s)", "2022-06-21T10:37:52.040Z"),  # [R] 2022-06
    "garbage": _expired("20543 day(s)", "1970-01-01T00:00:00Z"),  # [R] HubSpot's answer to a token that is none
    "no-scopes": _no_scopes,  # [R] 2026-05-18
}


# --- faults ------------------------------------------------------------------------------------------------


def _limited(policy: str, *headers: tuple[str, str]) -> Callable[[Call], Answer]:
    return lambda call: json_answer(429, known_answers.rate_limited(policy, call.correlation_id), *headers)


def _server_error(call: Call) -> Answer:
    return json_answer(500, known_answers.server_error(call.correlation_id))


def _page(status: int, title: str, *headers: tuple[str, str]) -> Callable[[Call], Answer]:
    answer = Answer(status, known_answers.page(title), known_answers.HTML, headers, "network")
    return lambda call: answer


# What replaces the answer to a status request. `cut` is not here: it halves that answer.
FAULTS: Mapping[str, Callable[[Call], Answer]] = {
    "bad-gateway": _page(502, "502 Bad Gateway"),
    "html-200": _page(200, "HubSpot"),
    "login-redirect": _page(302, known_answers.LOGIN_REDIRECT, ("Location", known_answers.LOGIN)),
    "rate-limit": _limited(
        known_answers.DAILY,
        known_answers.RETRY_AFTER,
        ("x-hubspot-ratelimit-daily-remaining", "0"),
    ),
    "rate-limit-burst": _limited(
        known_answers.TEN_SECONDLY,
        ("x-hubspot-ratelimit-remaining", "0"),
    ),
    "server-error": _server_error,
    "stall": lambda call: Answer(200, delivery="stall"),
    "unavailable": _page(503, "503 Service Unavailable"),
}
