import torch


def attention_weights(scores):
    m = scores.shape[-1]
    return (scores + (torch.ones(m, m).tril() + 1e-09).log()).softmax(-1)
