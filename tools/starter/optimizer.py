"""Muon for the matrices and AdamW for the rest.

Muon orthogonalises the momentum of each weight matrix by a Newton-Schulz
iteration (Jordan et al. 2024); written from the published description.
"""

from __future__ import annotations

import torch
from torch import Tensor

from model import Member


def orthogonalise(g: Tensor) -> Tensor:
    """Approximately U V^T of each matrix in a batch [n, rows, columns]."""
    tall = g.shape[1] > g.shape[2]
    x = g.transpose(1, 2) if tall else g
    x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)).bfloat16()
    for _ in range(5):
        a = x @ x.transpose(1, 2)
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x.transpose(1, 2) if tall else x).float()


class Optimizer:
    """One step updates every parameter of a member."""

    def __init__(self, model: Member, rate: float, matrix_rate: float, decay: float) -> None:
        self.rate, self.matrix_rate, self.decay = rate, matrix_rate, decay
        joint = {"qkv": 3, "gate_up": 2}
        self.matrices = [
            (p, joint.get(name.split(".")[-1], 1))
            for name, p in model.named_parameters() if name.startswith("blocks") and p.ndim == 2
        ]
        chosen = {id(p) for p, _ in self.matrices}
        rest = [p for p in model.parameters() if id(p) not in chosen]
        self.adam = torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=decay)
        self.momentum = [torch.zeros_like(p) for p, _ in self.matrices]

    @torch.no_grad()
    def step(self, scale: float) -> None:
        """Updates at `scale` times the peak rates and clears the gradients."""
        for group in self.adam.param_groups:
            group["lr"] = self.rate * scale
        self.adam.step()
        for (p, parts), m in zip(self.matrices, self.momentum):
            m.mul_(0.95).add_(p.grad)
            g = p.grad + 0.95 * m
            update = orthogonalise(g.view(parts, -1, g.shape[1]))
            size = max(1.0, update.shape[1] / update.shape[2]) ** 0.5
            p.mul_(1 - self.matrix_rate * scale * self.decay)
            p.add_(update.reshape(p.shape), alpha=-self.matrix_rate * scale * size)
            p.grad = None
        self.adam.zero_grad(set_to_none=True)

    def state(self) -> dict:
        """What a checkpoint needs."""
        return {"adam": self.adam.state_dict(), "momentum": self.momentum}

    def load(self, state: dict) -> None:
        """Restores a checkpoint."""
        self.adam.load_state_dict(state["adam"])
        self.momentum = state["momentum"]
