import torch


def merge_heads(x):
    return torch.cat([t.squeeze() for t in x.unbind(-3)], -1)
