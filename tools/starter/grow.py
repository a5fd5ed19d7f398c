"""Makes a member's first weights from the trunk by removing or adding parts.

Feed-forward units with the least weight are removed; added layers start with
zero outputs, so they change nothing at first.
"""

from __future__ import annotations

import torch

from config import WORK, load_member
from model import Member


def load_trunk() -> Member:
    """The trained trunk."""
    model = Member(load_member("trunk").shape)
    model.load_state_dict(torch.load(WORK / "trunk.pt")["model"])
    return model


@torch.no_grad()
def grown(trunk: Member, member: Member) -> Member:
    """`member` with the trunk's weights, fitted to its own shape."""
    old, new = trunk.shape, member.shape
    if (old.embedding, old.heads) != (new.embedding, new.heads) or new.feed_forward > old.feed_forward:
        raise ValueError("a member can only lose feed-forward units or gain layers")
    member.embedding.copy_(trunk.embedding)
    member.output_norm.copy_(trunk.output_norm)
    for i, block in enumerate(member.blocks):
        if i >= old.layers:
            block.out.zero_()
            block.down.zero_()
            continue
        source = trunk.blocks[i]
        gate, up = source.gate_up.chunk(2)
        weight = gate.norm(dim=1) * up.norm(dim=1) * source.down.norm(dim=0)
        keep = weight.topk(new.feed_forward).indices.sort().values
        for name in ("attn_norm", "ffn_norm", "qkv", "out"):
            getattr(block, name).copy_(getattr(source, name))
        block.gate_up.copy_(torch.cat((gate[keep], up[keep])))
        block.down.copy_(source.down[:, keep])
    return member
