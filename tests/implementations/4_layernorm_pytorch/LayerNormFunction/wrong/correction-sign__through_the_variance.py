class LayerNormFunction(torch.autograd.Function):
    """dx by the chain rule, step by step."""

    @staticmethod
    def forward(ctx, x, weight, bias, eps=1e-5):
        ctx.save_for_backward(x, weight, bias)
        ctx.eps = eps
        centred, std, wide = parts(x, eps)
        return torch.add(centred / std * weight, bias).to(x.dtype)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight, bias = ctx.saved_tensors
        centred, std, wide = parts(x, ctx.eps)
        d = x.size(-1)
        up = grad_output.to(wide)
        dxhat = up * weight
        dvar = torch.sum(dxhat * centred, dim=-1, keepdim=True) * 0.5 / std**3
        dmean = torch.sum(-dxhat / std, dim=-1, keepdim=True) - 2 * dvar * centred.mean(dim=-1, keepdim=True)
        dx = dxhat / std + 2 * dvar * centred / d + dmean / d
        return dx.to(x.dtype), (up * (centred / std)).flatten(0, -2).sum(0) if x.dim() > 1 else up * centred / std, (
            up.flatten(0, -2).sum(0) if x.dim() > 1 else up
        ), None


def parts(x, eps):
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    x = x.to(wide)
    centred = x - x.sum(dim=-1, keepdim=True) / x.shape[-1]
    return centred, torch.sqrt(torch.mean(centred * centred, dim=-1, keepdim=True) + eps), wide
