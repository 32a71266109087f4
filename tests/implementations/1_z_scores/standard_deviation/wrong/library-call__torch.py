import torch


def standard_deviation(scores):
    return torch.tensor(scores, dtype=torch.float64).std(correction=0).item()
