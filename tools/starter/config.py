"""Members' settings, read from members.json, and shared paths."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from model import Shape

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work"
PUBLIC = HERE.parent.parent / "public" / "starter"
DEV_COUNT, TEST_COUNT = 600, 1200
DEV_SEED, TEST_SEED = 11, 12
#: A member sees its under-weighted families this much less often.
UNDERWEIGHT = 0.5
#: Share of a member's training examples that are small talk and refusals.
CHAT_SHARE, REFUSAL_SHARE = 0.04, 0.11
#: Families that need more examples than others.
FAMILY_WEIGHT = {
    "addition": 1.2, "subtraction": 1.4, "multiplication": 1.6, "comparison": 0.8, "sorting": 1.4,
    "reversing": 0.9, "counting": 1.1, "letter": 0.9, "date": 1.3, "sequence": 1.0,
    "divisibility": 1.1, "extreme": 0.9,
}


#: The last course: what is hard for all members, and nobody's mixture.
LAST_WEIGHT = {
    "addition": 1.0, "subtraction": 2.0, "multiplication": 2.0, "comparison": 0.4, "sorting": 1.6,
    "reversing": 0.4, "counting": 0.6, "letter": 0.4, "date": 3.0, "sequence": 1.0,
    "divisibility": 1.2, "extreme": 0.4,
}


@dataclass(frozen=True)
class MemberConfig:
    """Everything that makes one member different."""

    id: str
    name: str
    seed: int
    shape: Shape
    steps: int
    #: Steps of the last course, after the others: the larger members are slower and have seen less by then.
    last_steps: int
    batch: int
    underweighted: tuple[str, ...]


def load_member(member: str) -> MemberConfig:
    """The settings of one member."""
    raw = json.loads((HERE / "members.json").read_text())[member]
    return MemberConfig(
        member, raw["name"], raw["seed"], Shape(**raw["shape"]), raw["steps"], raw["last_steps"],
        raw["batch"],
        tuple(raw["underweighted"]),
    )


def member_ids() -> list[str]:
    """All members, smallest first."""
    return list(json.loads((HERE / "members.json").read_text()))
