import torch


def attention_weights(scores):
    out = torch.zeros_like(scores)
    for i in range(scores.shape[-1]):
        out[..., i, :i + 1] = scores[..., i, :i + 1].softmax(-1)
    return out
