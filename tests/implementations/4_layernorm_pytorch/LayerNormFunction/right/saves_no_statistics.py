import torch


def stats(w, eps):
    m = w.mean(-1, keepdim=True)
    return (m, torch.rsqrt((w - m).square().mean(-1, keepdim=True) + eps))


class LayerNormFunction(torch.autograd.Function):

    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        ctx.save_for_backward(x, weight, bias)
        ctx.eps = eps
        w = x.to(torch.promote_types(x.dtype, torch.float32))
        m, r = stats(w, eps)
        return torch.addcmul(bias.to(w.dtype), (w - m) * r, weight.to(w.dtype)).to(x.dtype)

    @staticmethod
    def backward(ctx, dy):
        x, weight, bias = ctx.saved_tensors
        w = x.to(torch.promote_types(x.dtype, torch.float32))
        m, r = stats(w, ctx.eps)
        dy = dy.to(w.dtype)
        h = (w - m) * r
        g = dy * weight
        d = x.shape[-1]
        dx = (g - g.mean(-1, keepdim=True) - h * (g * h).mean(-1, keepdim=True)) * r
        lead = tuple(range(x.ndim - 1))
        red = (lambda t: t.sum(lead)) if lead else lambda t: t
        return (dx.to(x.dtype), red(dy * h).to(weight.dtype), red(dy).to(bias.dtype), None)
