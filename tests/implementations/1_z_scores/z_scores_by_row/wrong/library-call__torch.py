import torch


def z_scores_by_row(table):
    return torch.nn.functional.layer_norm(torch.tensor(table), table.shape[-1:], eps=0.0).numpy()
