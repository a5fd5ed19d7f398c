"""Writes the dev and test question sets and phrasings.json.

    python3 dataset.py
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from config import DEV_COUNT, DEV_SEED, HERE, PUBLIC, TEST_COUNT, TEST_SEED
from phrasings import KINDS, PHRASINGS
from questions import Question, question_set

FORMATS = {
    "number": {"pattern": "^-?[0-9]{1,4}$", "example": "-12"},
    "yes-no": {"pattern": "^(yes|no)$", "example": "yes"},
    "word": {"pattern": "^[a-z]{1,5}$", "example": "tac"},
    "list": {"pattern": "^[0-9]{1,2}(, [0-9]{1,2}){2,4}$", "example": "3, 7, 12"},
    "date": {
        "pattern": "^([1-9]|[12][0-9]|3[01]) (january|february|march|april|may|june|july|august"
                   "|september|october|november|december)$",
        "example": "14 march",
    },
}
SLOTS = {
    "a": "whole number", "b": "whole number", "k": "2, 3, 4, 5, 10, 20 or 25",
    "n": "whole number; for date: '1 day' or '<number> days'", "o": "second to fifth",
    "l": "numbers joined by ', '", "w": "letters a-z", "d": "'<day> <month>', as in '14 march'",
}


def questions_json(split: str) -> dict:
    """A question set as it is published."""
    made = question_set(split, *((DEV_COUNT, DEV_SEED) if split == "dev" else (TEST_COUNT, TEST_SEED)))
    rows = [{"id": f"{split}-{i + 1:04d}", **public(q)} for i, q in enumerate(made)]
    return {"schema": "witan.question-set", "version": 1, "split": split,
            "sha256": hashlib.sha256(canonical(rows).encode()).hexdigest(), "questions": rows}


def public(q: Question) -> dict:
    """The published fields of a question."""
    return {k: v for k, v in asdict(q).items() if k != "key"}


def canonical(rows: list[dict]) -> str:
    """What is hashed; the same as JavaScript's JSON.stringify(questions)."""
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False)


def main() -> None:
    """Writes all three files."""
    PUBLIC.mkdir(parents=True, exist_ok=True)
    for split in ("dev", "test"):
        document = questions_json(split)
        rows = ",\n".join("  " + json.dumps(q) for q in document.pop("questions"))
        head = json.dumps(document)[:-1]
        (PUBLIC / f"questions.{split}.json").write_text(f'{head},"questions":[\n{rows}\n]}}\n')
    families = {
        f: {"kind": KINDS[f], "groups": PHRASINGS[f]} for f in PHRASINGS
    }
    document = {"schema": "witan.starter-phrasings", "version": 1, "slots": SLOTS,
                "formats": FORMATS, "families": families}
    (HERE / "phrasings.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
