import torch


def running_mean_variance(stream):
    values = torch.tensor(list(stream), dtype=torch.float64)
    return values.mean().item(), values.var(correction=0).item()
