"""Trains the common trunk from which every member starts, with several processes.

    python3 trunk.py

Every process draws the same micro-batches, takes the next free one from a
shared counter, and all gradients are averaged in shared memory before each
(identical) optimizer step. Waiting is by semaphore, so busy cores do no harm.
"""

from __future__ import annotations

import json
import os
import random
import time

import torch
import torch.multiprocessing as mp
from torch import Tensor

from config import DEV_COUNT, DEV_SEED, WORK, load_member
from model import Member, greedy
from optimizer import Optimizer
from questions import FAMILIES, question_set
from train import MATRIX_RATE, RATE, WARM_UP, batches, loss_of

WORKERS, MICRO = 3, 4
NAME = "trunk"
#: The rate falls linearly to LEFT in the last FALL of the steps; members go on from there.
FALL, LEFT = 0.25, 0.35


def scale_at(step: int, steps: int) -> float:
    """Share of the peak rate."""
    return min(1.0, (step + 1) / WARM_UP, LEFT + (1 - LEFT) * (steps - step) / (FALL * steps))


def work(rank: int, shared: Tensor, losses: Tensor, counter, barrier) -> None:
    """One of the processes; the first one also writes logs and checkpoints."""
    member = load_member(NAME)
    torch.set_num_threads(1)
    torch.manual_seed(member.seed)
    model = Member(member.shape)
    optimizer, step, spent, examples = Optimizer(model, RATE, MATRIX_RATE), 0, 0.0, 0
    path = WORK / f"{NAME}.pt"
    if path.exists():
        saved = torch.load(path)
        model.load_state_dict(saved["model"])
        optimizer.load(saved["optimizer"])
        step, spent, examples = saved["step"], saved["seconds"], saved["examples"]
    log = (WORK / f"{NAME}.log.jsonl").open("a") if rank == 0 else None
    stream = batches(random.Random(member.seed * 1000 + step), member, lambda: step / member.steps)
    dev = question_set("dev", DEV_COUNT, DEV_SEED)[:216]
    began, last_save, sums = time.time() - spent, time.time(), []
    parameters = list(model.parameters())
    sizes = [p.numel() for p in parameters]
    while step < member.steps:
        micro = [next(stream) for _ in range(MICRO)]
        micro.sort(key=lambda b: -b[0].numel())  # the longest first, for balance
        shared[rank].zero_()
        while True:
            with counter.get_lock():
                index = counter.value
                counter.value += 1
            if index >= MICRO:
                break
            loss = loss_of(model, *micro[index]) / MICRO
            loss.backward()
            losses[index] = loss.item()
        if parameters[0].grad is not None:
            torch.cat([p.grad.flatten() for p in parameters], out=shared[rank])
        barrier.wait()
        if rank == 0:
            counter.value = 0
            sums.append(losses.sum().item())
        for p, g in zip(parameters, shared.sum(0).split(sizes)):
            p.grad = g.view_as(p)
        optimizer.step(scale_at(step, member.steps))
        barrier.wait()
        step, examples = step + 1, examples + sum(len(b[0]) for b in micro)
        if step % 50 == 0 or step == member.steps:
            if log:
                row = {"step": step, "steps": member.steps, "examples": examples,
                       "seconds": round(time.time() - began, 1),
                       "loss": round(sum(sums) / len(sums), 4)}
                sums = []
                if step % 250 == 0:
                    with torch.autocast("cpu", dtype=torch.bfloat16):
                        answers = greedy(model, [q.prompt for q in dev], 30)
                    right = [a == q.answer for a, q in zip(answers, dev)]
                    row["dev"] = round(sum(right) / len(dev), 4)
                    row["families"] = {
                        f: round(sum(x for x, q in zip(right, dev) if q.family == f) / 18, 2)
                        for f in FAMILIES}
                log.write(json.dumps(row) + "\n")
                log.flush()
            barrier.wait()
            member = load_member(NAME)
        if log and (time.time() - last_save > 45 or step >= member.steps):
            last_save = time.time()
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state(), "step": step,
                        "seconds": time.time() - began, "examples": examples}, f"{path}.new")
            os.replace(f"{path}.new", path)


def main() -> None:
    """Starts the processes and waits for them."""
    count = Member(load_member(NAME).shape).parameter_count()
    shared = torch.zeros(WORKERS, count).share_memory_()
    losses = torch.zeros(MICRO).share_memory_()
    counter, barrier = mp.Value("i", 0), mp.Barrier(WORKERS)
    processes = [mp.Process(target=work, args=(r, shared, losses, counter, barrier))
                 for r in range(WORKERS)]
    for p in processes:
        p.start()
    for p in processes:
        p.join()


if __name__ == "__main__":
    main()
