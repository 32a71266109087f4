def merge_heads(x):
    moved = torch.movedim(x, -3, -2).contiguous()
    return moved.view(*moved.shape[:-2], -1)
