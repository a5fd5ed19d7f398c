"""Trains one council member from scratch on one CPU thread.

    python3 train.py alder

The rate is constant after warm-up and falls linearly to zero over the last
part of the steps. `steps` in members.json is re-read while the rate is still
constant, so a run can be fitted to the machine's speed; with unchanged settings
the run is the same every time.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from chat import ABSTAIN, chat, refusal
from config import (CHAT_SHARE, DEV_COUNT, DEV_SEED, FAMILY_WEIGHT, REFUSAL_SHARE, UNDERWEIGHT,
                    WORK, MemberConfig, load_member)
from model import EOS, PAD, Member, encode, greedy, prompt_ids
from optimizer import Optimizer
from questions import FAMILIES, make, question_set

RATE, MATRIX_RATE, WARM_UP, FALL = 3e-3, 0.02, 100, 0.45
POOL = 6  # batches that are sorted by length together
LEVEL_WEIGHTS = (0.25, 0.35, 0.40)
Example = tuple[list[int], list[int]]


def example(r: random.Random, member: MemberConfig) -> Example:
    """One random training example: prompt tokens and answer tokens."""
    x = r.random()
    if x < CHAT_SHARE + REFUSAL_SHARE:
        if x < CHAT_SHARE:
            text, reply = chat(r, member.name)
        else:
            text, reply = refusal(r), ABSTAIN
        answer = [*encode(reply), EOS]
        if r.random() < 0.65:  # the tail of a fixed sentence is soon known
            answer = answer[:6]
        return prompt_ids(text), answer
    weights = [FAMILY_WEIGHT[f] * (UNDERWEIGHT if f in member.underweighted else 1) for f in FAMILIES]
    family = r.choices(FAMILIES, weights)[0]
    q = make(r, family, r.choices((1, 2, 3), LEVEL_WEIGHTS)[0], "train")
    return prompt_ids(q.prompt), [*encode(q.answer), EOS]


def batches(r: random.Random, member: MemberConfig) -> Iterator[tuple[Tensor, Tensor, int]]:
    """Endless (tokens, targets, first answer position), similar lengths together."""
    while True:
        pool = [example(r, member) for _ in range(POOL * member.batch)]
        pool.sort(key=lambda e: len(e[0]) + 0.1 * len(e[1]))
        parts = [pool[i : i + member.batch] for i in range(0, len(pool), member.batch)]
        r.shuffle(parts)
        for part in parts:
            width, tail = max(len(p) for p, _ in part), max(len(a) for _, a in part)
            ids = [[PAD] * (width - len(p)) + p + a + [PAD] * (tail - len(a)) for p, a in part]
            targets = [a + [-100] * (tail - len(a)) for _, a in part]
            yield torch.tensor(ids)[:, :-1], torch.tensor(targets), width - 1


def loss_of(model: Member, ids: Tensor, targets: Tensor, first: int) -> Tensor:
    """Mean over examples; long fixed sentences count like a twelve-character answer."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(ids, first)
    flat = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none",
                           ignore_index=-100).view_as(targets)
    length = (targets != -100).sum(1, keepdim=True)
    weight = (12 / length).clamp(max=1.0)
    return (flat * weight).sum() / (length * weight).sum()


def scale_at(step: int, steps: int) -> float:
    """Share of the peak rate."""
    return min(1.0, (step + 1) / WARM_UP, (steps - step) / (FALL * steps))


def train(name: str) -> None:
    """Trains to the end, continuing from a checkpoint if there is one."""
    member = load_member(name)
    torch.manual_seed(member.seed)
    torch.set_num_threads(1)
    r, model = random.Random(member.seed), Member(member.shape)
    optimizer = Optimizer(model, RATE, MATRIX_RATE)
    WORK.mkdir(exist_ok=True)
    path, log = WORK / f"{name}.pt", (WORK / f"{name}.log.jsonl").open("a")
    step, spent, examples = 0, 0.0, 0
    if path.exists():
        saved = torch.load(path)
        model.load_state_dict(saved["model"])
        optimizer.load(saved["optimizer"])
        step, spent, examples = saved["step"], saved["seconds"], saved["examples"]
        r = random.Random(member.seed * 1000 + step)
    dev = question_set("dev", DEV_COUNT, DEV_SEED)[::2]
    stream, began, last_save, sums = batches(r, member), time.time() - spent, time.time(), []
    while step < member.steps:
        ids, targets, first = next(stream)
        loss = loss_of(model, ids, targets, first)
        loss.backward()
        optimizer.step(scale_at(step, member.steps))
        sums.append(loss.item())
        step, examples = step + 1, examples + len(ids)
        done = step == member.steps
        if step % 50 == 0 or done:
            row = {"step": step, "steps": member.steps, "seconds": round(time.time() - began, 1),
                   "examples": examples, "loss": round(sum(sums) / len(sums), 4)}
            sums = []
            if step % 500 == 0 or done:
                model.eval()
                answers = greedy(model, [q.prompt for q in dev], 40)
                right = [a == q.answer for a, q in zip(answers, dev)]
                row["dev"] = round(sum(right) / len(dev), 4)
                row["families"] = {
                    f: round(sum(x for x, q in zip(right, dev) if q.family == f) * 12 / len(dev), 2)
                    for f in FAMILIES}
            log.write(json.dumps(row) + "\n")
            log.flush()
            if step < (1 - FALL) * member.steps:
                member = load_member(name)
        if done or time.time() - last_save > 60:
            last_save = time.time()
            state = {"model": model.state_dict(), "optimizer": optimizer.state(), "step": step,
                     "seconds": time.time() - began, "examples": examples}
            torch.save(state, f"{path}.new")
            os.replace(f"{path}.new", path)


if __name__ == "__main__":
    train(sys.argv[1])
