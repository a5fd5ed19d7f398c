"""Numbers from recorded answers: accuracy, plurality, bootstrap, refusals."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np

from chat import ABSTAIN
from config import DEV_COUNT, DEV_SEED, TEST_COUNT, TEST_SEED, WORK, member_ids
from questions import FAMILIES, LEVELS, Question, question_set

RESAMPLES = 10_000


def answers_of(member: str) -> dict:
    """A member's recorded answers."""
    return json.loads((WORK / f"answers.{member}.json").read_text())


def questions_of(split: str) -> list[Question]:
    """The questions of dev or test."""
    return question_set("dev", DEV_COUNT, DEV_SEED) if split == "dev" else question_set(
        "test", TEST_COUNT, TEST_SEED)


def plurality(votes: list[str], fallback: str) -> str:
    """The most frequent answer (an abstention is one too); ties go to `fallback`."""
    counts = Counter(votes).most_common()
    top = [v for v, n in counts if n == counts[0][1]]
    return top[0] if len(top) == 1 else fallback


def share(flags: list[bool]) -> float:
    """Mean of flags, four digits."""
    return round(sum(flags) / len(flags), 4)


def table(questions: list[Question], right: list[bool]) -> dict:
    """Accuracy overall, by family, by level and by both."""
    def part(family: str | None, level: int | None) -> float:
        return share([r for r, q in zip(right, questions)
                      if family in (None, q.family) and level in (None, q.level)])
    return {
        "all": part(None, None),
        "byLevel": {str(v): part(None, v) for v in LEVELS},
        "byFamily": {f: {"all": part(f, None), **{str(v): part(f, v) for v in LEVELS}}
                     for f in FAMILIES},
    }


def difference(a: list[bool], b: list[bool], questions: list[Question]) -> dict:
    """a minus b in points with a paired bootstrap 95 % interval.

    Questions with the same operands are drawn together: their phrasings differ,
    but they are not independent.
    """
    d = (np.array(a, float) - np.array(b, float)) * 100
    keys = {key: i for i, key in enumerate(dict.fromkeys(q.key for q in questions[: len(d)]))}
    groups = np.array([keys[q.key] for q in questions[: len(d)]])
    totals, sizes = np.bincount(groups, d), np.bincount(groups)
    picks = np.random.default_rng(7).integers(0, len(keys), (RESAMPLES, len(keys)))
    low, high = np.percentile(totals[picks].sum(1) / sizes[picks].sum(1), (2.5, 97.5))
    return {"points": round(float(d.mean()), 2), "low": round(float(low), 2),
            "high": round(float(high), 2), "questions": len(d), "operandGroups": len(keys),
            "resamples": RESAMPLES,
            "onlyFirstRight": int((d > 0).sum()), "onlySecondRight": int((d < 0).sum())}


def measure() -> dict:
    """Everything that the report and the manifest state about quality."""
    ids = member_ids()
    answers = {m: answers_of(m) for m in ids}
    out: dict = {"members": {}, "council": {}}
    right: dict[str, dict[str, list[bool]]] = {m: {} for m in ids}
    for m in ids:
        a = answers[m]
        row: dict = {k: a[k] for k in ("step", "seconds", "examples", "shown")}
        for split in ("dev", "test"):
            questions = questions_of(split)
            right[m][split] = [x == q.answer for x, q in zip(a[split], questions)]
            row[split] = table(questions, right[m][split])
        row["refusal"] = {
            "heldOut": share([x == ABSTAIN for x in a["refusalHeldOut"]]),
            "trainedTemplates": share([x == ABSTAIN for x in a["refusalTrainedTemplates"]]),
            "falseRefusal": share([x == ABSTAIN for x in a["dev"] + a["test"]]),
        }
        row["smallTalk"] = share(a["talk"])
        out["members"][m] = row
    best = max(ids, key=lambda m: out["members"][m]["dev"]["all"])
    for split in ("dev", "test"):
        questions = questions_of(split)
        voted = [plurality([answers[m][split][i] for m in ids], answers[best][split][i])
                 for i in range(len(questions))]
        wins = [v == q.answer for v, q in zip(voted, questions)]
        unanimous = [len({answers[m][split][i] for m in ids}) == 1 for i in range(len(questions))]
        row = {
            "plurality": table(questions, wins),
            "oracle": share([any(right[m][split][i] for m in ids) for i in range(len(questions))]),
            "pluralityMinusBest": difference(wins, right[best][split], questions),
            "unanimous": share(unanimous),
            "accuracyWhenUnanimous": share([w for w, u in zip(wins, unanimous) if u]),
            "accuracyWhenSplit": share([w for w, u in zip(wins, unanimous) if not u] or [False]),
        }
        if split == "test":
            row["pluralityMinusBestFirst600"] = difference(
                wins[:600], right[best][split][:600], questions)
        if split == "test" and "samples" in answers[best]:
            same = [plurality([s[i] for s in answers[best]["samples"]], answers[best]["samples"][0][i])
                    == q.answer for i, q in enumerate(questions)]
            row["bestThreeSamples"] = share(same)
            row["pluralityMinusBestThreeSamples"] = difference(wins, same, questions)
        out["council"][split] = row
    joint = [plurality([answers[m]["refusalHeldOut"][i] for m in ids], ABSTAIN) == ABSTAIN
             for i in range(len(answers[best]["refusalHeldOut"]))]
    out["distinctTestOperands"] = {
        f: len({q.key for q in questions_of("test") if q.family == f}) for f in FAMILIES}
    out["council"] |= {"bestOnDev": best, "pluralityRefusalHeldOut": share(joint)}
    return out
