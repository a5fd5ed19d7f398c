"""Writes council.json, report.json and REPORT.md from recorded answers.

    python3 report.py
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from datetime import datetime, timezone

from chat import ABSTAIN
from config import HERE, PUBLIC, WORK, load_member, member_ids
from gguf import QUANTIZATION
from measure import measure
from model import CONTEXT, VOCABULARY_SIZE, Member
from questions import FAMILIES

SAMPLES_OF_CURVE = 8


def curve(name: str) -> list[dict]:
    """A few rows of a training log."""
    rows = [json.loads(line) for line in (WORK / f"{name}.log.jsonl").read_text().splitlines()]
    picked = sorted({round(i * (len(rows) - 1) / (SAMPLES_OF_CURVE - 1))
                     for i in range(SAMPLES_OF_CURVE)})
    return [{k: rows[i][k] for k in ("step", "seconds", "examples", "loss")} for i in picked]


def manifest(result: dict) -> dict:
    """council.json."""
    members = []
    for m in member_ids():
        c, r = load_member(m), result["members"][m]
        raw = (PUBLIC / f"{m}.gguf").read_bytes()
        members.append({
            "id": m, "name": c.name, "file": f"{m}.gguf", "sizeBytes": len(raw),
            "sha256": hashlib.sha256(raw).hexdigest(),
            "parameters": Member(c.shape).parameter_count(), "layers": c.shape.layers,
            "embedding": c.shape.embedding, "heads": c.shape.heads, "kvHeads": c.shape.heads,
            "feedForward": c.shape.feed_forward, "vocabulary": VOCABULARY_SIZE,
            "context": CONTEXT, "quantization": QUANTIZATION, "seed": c.seed,
            "underweighted": list(c.underweighted),
            "accuracy": {
                "dev": r["dev"]["all"], "test": r["test"]["all"],
                "byFamily": {f: {s: r[s]["byFamily"][f]["all"] for s in ("dev", "test")}
                             for f in FAMILIES},
            },
            "refusal": {k: r["refusal"][k] for k in ("heldOut", "falseRefusal")},
        })
    return {"schema": "witan.starter-council", "version": 1,
            "generated": datetime.now(timezone.utc).strftime("%Y-%m-%d"), "abstain": ABSTAIN,
            "members": members}


def percent(x: float) -> str:
    """0.853 -> 85.3"""
    return f"{100 * x:.1f}"


def rows_of(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def interval(d: dict) -> str:
    """A difference in words."""
    return (f"{d['points']:+.2f} points [95 % interval {d['low']:+.2f}, {d['high']:+.2f}] on "
            f"{d['questions']} questions with {d['operandGroups']} different operands ({d['onlyFirstRight']} against {d['onlySecondRight']} "
            "questions that only one of the two has right)")


def equal_calls(test: dict, best: str) -> str:
    """The comparison with the best member asked three times."""
    if "bestThreeSamples" not in test:
        return "The best member asked three times (self-consistency) was not measured."
    return (f"Equal calls: {best} three times at temperature 0.5, plurality: "
            f"{percent(test['bestThreeSamples'])}; council minus that: "
            f"{interval(test['pluralityMinusBestThreeSamples'])}.")


def run_facts() -> dict:
    """How long make.sh has taken from its first line to this report, and on how many cores."""
    began = int((WORK / "began").read_text())
    return {"wallSeconds": round(time.time() - began), "cores": os.cpu_count()}


def markdown(council: dict, result: dict, curves: dict, splits: dict, run: dict) -> str:
    """REPORT.md."""
    ids, c = member_ids(), result["council"]
    test, best = c["test"], c["bestOnDev"]
    facts = [[m["name"], str(m["parameters"]), f"{m['layers']} x {m['embedding']}, {m['heads']} heads, "
              f"ff {m['feedForward']}", str(m["sizeBytes"]), str(m["seed"]),
              str(result["members"][m["id"]]["step"]), f"{result['members'][m['id']]['seconds']:.0f}",
              str(result["members"][m["id"]]["examples"]), ", ".join(m["underweighted"])]
             for m in council["members"]]
    overall = [[m.capitalize(), *(percent(result["members"][m][s]["all"]) for s in ("dev", "test")),
                *(percent(result["members"][m]["test"]["byLevel"][v]) for v in "123"),
                percent(result["members"][m]["refusal"]["heldOut"]),
                percent(result["members"][m]["refusal"]["trainedTemplates"]),
                percent(result["members"][m]["refusal"]["falseRefusal"]),
                percent(result["members"][m]["smallTalk"])] for m in ids]
    overall.append(["plurality", percent(c["dev"]["plurality"]["all"]),
                    percent(test["plurality"]["all"]),
                    *(percent(test["plurality"]["byLevel"][v]) for v in "123"),
                    percent(c["pluralityRefusalHeldOut"]), "", "", ""])
    families = [[f, str(result["distinctTestOperands"][f]), *(" / ".join(percent(t["byFamily"][f][k]) for k in ("all", "1", "2", "3"))
                      for t in [*(result["members"][m]["test"] for m in ids), test["plurality"]])]
                for f in FAMILIES]
    shown = [[q, *(result["members"][m]["shown"][q] for m in ids)]
             for q in result["members"][ids[0]]["shown"]]
    lost = "\n".join(f"- {name}: " + ", ".join(
        f"{r['examples']} examples {r['loss']}" for r in rows) for name, rows in curves.items())
    notes = (HERE / "NOTES.md").read_text()
    return f"""# Starter council: what was measured

Made by `report.py` on {council['generated']}; every number is computed from recorded answers
(`report.json` has them all). Accuracy in per cent, exact match, greedy, without a grammar, in
PyTorch with the weights as rounded in the {QUANTIZATION} files. `make.sh` took {run['wallSeconds'] / 60:.0f} minutes
on {run['cores']} cores, from the first question to this report.

## Members

{rows_of(["member", "parameters", "shape", "bytes", "seed", "steps", "seconds", "examples", "under-weighted"], facts)}

Loss (weighted mean over answer characters) during training:

{lost}

## Accuracy and refusals

{rows_of(["", "dev", "test", "level 1", "level 2", "level 3", "refusal, held-out templates", "refusal, trained templates", "false refusal", "small talk"], overall)}

Levels are on test. Refusal counts answers that begin with the abstention's first 16 characters, on 500 texts whose templates and
words were never trained; false refusal is the share of dev and test questions that were refused.
Small talk is the share of its trained lines answered exactly (no held-out part).

## The council on test

- Best member on dev: {best}. Plurality (ties go to {best}) against {best}:
  {interval(test['pluralityMinusBest'])}; first 600 questions:
  {interval(test['pluralityMinusBestFirst600'])}.
- {equal_calls(test, best)}
- Oracle (any member right): {percent(test['oracle'])}. Unanimous on {percent(test['unanimous'])} of questions,
  then right on {percent(test['accuracyWhenUnanimous'])}; otherwise {percent(test['accuracyWhenSplit'])}.

## Test accuracy by family (all / level 1 / 2 / 3)

{rows_of(["family", "different operands", *(m.capitalize() for m in ids), "plurality"], families)}

## Split check

{splits['drawn']} training questions drawn, {splits['dev']} dev and {splits['test']} test questions:
{splits['overlaps']} overlaps in keys, texts or operands.

## Answers as given

{rows_of(["question", *(m.capitalize() for m in ids)], shown)}

{notes}"""


def main() -> None:
    """Writes the three files."""
    result = measure()
    council = manifest(result)
    curves = {n: curve(n) for n in member_ids()}
    run = run_facts()
    splits = json.loads((WORK / "splits.json").read_text())
    (PUBLIC / "council.json").write_text(json.dumps(council, indent=1) + "\n")
    report = {"schema": "witan.starter-report", "version": 1, "generated": council["generated"],
              "quantization": QUANTIZATION, "curves": curves, "splits": splits,
              "run": run, **result}
    (HERE / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    (HERE / "REPORT.md").write_text(markdown(council, result, curves, splits, run))


if __name__ == "__main__":
    main()
