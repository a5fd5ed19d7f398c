"""Fails loudly if train, dev and test share operands or texts.

    python3 check_splits.py

Draws a million training questions (more than any member sees) and compares
hashes of keys, of texts without case and marks, and, for families where order
does not matter, of the numbers read back from the text. The result goes to
.work/splits.json.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import sys

from config import DEV_COUNT, DEV_SEED, PUBLIC, TEST_COUNT, TEST_SEED, WORK
from dataset import questions_json
from questions import FAMILIES, LEVELS, Question, make, question_set, split_of

DRAWN = 1_000_000
UNORDERED = {"addition", "multiplication", "comparison", "sorting", "extreme"}


def digest(text: str) -> str:
    """A short SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def marks(q: Question) -> set[str]:
    """All hashes by which two questions could be the same."""
    text = re.sub(r"[?.=:,\"' ]+", " ", q.prompt.lower()).replace("please ", "").strip()
    out = {"key:" + digest(q.key), "text:" + digest(text)}
    if q.family in UNORDERED:
        numbers = sorted(int(n) for n in re.findall(r"\d+", q.prompt))
        out.add("numbers:" + digest(f"{q.family}:{numbers}"))
    return out


def check(sets: dict[str, list[Question]], drawn: int) -> list[str]:
    """Every overlap found, in words."""
    held, problems = {}, []
    for split, questions in sets.items():
        for q in questions:
            if split_of(q.key) != split:
                problems.append(f"{split}: wrong split for {q.key}")
            for mark in marks(q):
                if held.get(mark, split) != split:
                    problems.append(f"dev and test share: {q.prompt}")
                held[mark] = split
    r = random.Random(99)
    for i in range(drawn):
        q = make(r, FAMILIES[i % len(FAMILIES)], LEVELS[i // len(FAMILIES) % 3], "train")
        if any(mark in held for mark in marks(q)):
            problems.append(f"trained and held out: {q.prompt} ({q.key})")
    return problems


def main() -> None:
    """Checks the published sets."""
    sets = {"dev": question_set("dev", DEV_COUNT, DEV_SEED),
            "test": question_set("test", TEST_COUNT, TEST_SEED)}
    problems = check(sets, DRAWN)
    for split in sets:
        published = json.loads((PUBLIC / f"questions.{split}.json").read_text())
        if published != questions_json(split):
            problems.append(f"questions.{split}.json is not what the generator makes")
    WORK.mkdir(exist_ok=True)
    result = {"drawn": DRAWN, "dev": len(sets["dev"]), "test": len(sets["test"]),
              "overlaps": len(problems)}
    (WORK / "splits.json").write_text(json.dumps(result))
    print(json.dumps(result))
    if problems:
        print("\n".join(problems[:20]), file=sys.stderr)
        sys.exit("OVERLAP between train, dev and test")


if __name__ == "__main__":
    main()
