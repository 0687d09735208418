"""The recorded answers, found by the request they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.match_key import MatchKey
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.model.task_states import TERMINAL


@dataclass
class Tape:
    """The recorded answers, in order, each played once and the end of a task as often as it is asked for.

    ``interactions`` are as they are recognised, judged and told, ``stored`` as they are answered.
    """

    interactions: list[Interaction]
    stored: list[Interaction]
    played: set[int] = field(default_factory=set)
    index: dict[MatchKey, list[int]] = field(default_factory=dict)
    _behind: dict[MatchKey, int] = field(default_factory=dict)  # how many of the same are played, at least

    def __post_init__(self) -> None:
        for number, interaction in enumerate(self.interactions):
            self.index.setdefault(interaction.match_key, []).append(number)

    def next(self, request: Interaction) -> int | None:
        """Return the number of the answer to *request*, None where there is none (any more)."""
        return self.find(request.match_key)

    def find(self, key: MatchKey) -> int | None:
        """Return the number of the answer to the request with this match key, None where there is none (any more)."""
        same = self.index.get(key, ())
        behind = self._behind.get(key, 0)
        while behind < len(same) and same[behind] in self.played:  # each is passed once, however many there are
            behind += 1
        if behind < len(same):
            self._behind[key] = behind
            return same[behind]
        # vcrpy would fail a task polled once more than it was recorded; HubSpot would repeat its last answer.
        if same and self.interactions[same[-1]].task_status in TERMINAL:
            return same[-1]
        return None

    def explain(self, request: Interaction, cassette: str) -> Finding:
        """Return the finding for a *request* that has no answer."""
        same = self.index.get(request.match_key, ())
        asked = f"{request.method} {request.path}"
        kind = Kind.UNMATCHED_REQUEST
        if same:
            last = self.interactions[same[-1]]
            times = f"{len(same)} time{'s' * (len(same) != 1)}"
            if last.task_id is not None and last.status_code < 300:
                kind = Kind.TASK_NEVER_ENDED
                said = (
                    f"{asked} was polled {times} when it was recorded and is polled once more now; the last answer "
                    f"was {last.task_status or 'without a state'}: the recorded task never ended. Record it again, "
                    f"polling until it is {' or '.join(sorted(TERMINAL))}."
                )
            else:
                said = f"{asked} was recorded {times} and is asked for once more now. Record it again."
        elif not self.interactions:
            said = f"{asked}: nothing is recorded in {cassette}. Record it with --hubfiles-record once."
        else:
            closest = max(self.interactions, key=lambda recorded: _likeness(request, recorded))
            said = (
                f"{asked} is not in {cassette}.\n"
                f"  closest recorded: {closest.method} {closest.path}\n"
                + "".join(f"  {difference}\n" for difference in _differences(request, closest))
                + "Record it with --hubfiles-record new_episodes, or all of it again with rewrite."
            )
        return Finding.of(kind, said, after=asked,
            cassette=str(cassette),
        )  # fmt: skip


def _likeness(asked: Interaction, recorded: Interaction) -> tuple[int, int]:
    (method, path, query, body), (method2, path2, query2, body2) = asked.match_key, recorded.match_key
    shared = sum(one == other for one, other in zip(path.split("/"), path2.split("/"), strict=False))
    return (path == path2) * 4 + (method == method2) * 2 + (query == query2) + (body == body2), shared


def _differences(asked: Interaction, recorded: Interaction) -> list[str]:
    names = ("method", "path", "query", "body")
    found = []
    for name, now, then in zip(names, asked.match_key, recorded.match_key, strict=True):
        if now != then:
            texts = _text(then), _text(now)
            alike = next(
                (place for place, pair in enumerate(zip(*texts, strict=False)) if pair[0] != pair[1]),
                min(map(len, texts)),
            )
            start = max(0, alike - _BEFORE)
            found.append(f"{name} differs: recorded {_shown(texts[0], start)}, asked {_shown(texts[1], start)}")
    return found


_BEFORE: Final = 40  # characters that two texts share, shown before what differs
_MOST_SHOWN: Final = 200


def _text(value: object) -> str:
    return "&".join(f"{name}={text}" for name, text in value) if isinstance(value, tuple) else str(value)


def _shown(text: str, start: int) -> str:
    """Return what *text* has from where it differs, whole where it is short."""
    if len(text) <= _MOST_SHOWN:
        return text or "none"
    part = text[start : start + _MOST_SHOWN]
    return f"{'…' * (start > 0)}{part}{'…' * (start + _MOST_SHOWN < len(text))}"
