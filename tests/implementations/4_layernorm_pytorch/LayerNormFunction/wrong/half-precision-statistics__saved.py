import torch


def stats(w, eps):
    m = w.mean(-1, keepdim=True)
    return (m, torch.rsqrt((w - m).square().mean(-1, keepdim=True) + eps))


def fwd(ctx, x, weight, bias, eps):
    w = x.to(torch.promote_types(x.dtype, torch.float32))
    m, r = stats(w, eps)
    ctx.save_for_backward(x, weight, m, r)
    ctx.eps = eps
    return ((w - m) * r * weight + bias).to(x.dtype)


class LayerNormFunction(torch.autograd.Function):

    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        y = fwd(ctx, x, weight, bias, eps)
        return y

    @staticmethod
    def backward(ctx, dy):
        x, weight, m, r = ctx.saved_tensors
        r = r.to(x.dtype).to(r.dtype)
        m = m.to(x.dtype).to(m.dtype)
        w, dy = (x.to(m.dtype), dy.to(m.dtype))
        if torch.is_grad_enabled():
            m, r = stats(w, ctx.eps)
        h = (w - m) * r
        g = dy * weight
        dx = ((g - g.mean(-1, keepdim=True) - h * (g * h).mean(-1, keepdim=True)) * r).to(x.dtype)
        return (dx, (dy * h).reshape(-1, x.shape[-1]).sum(0).to(weight.dtype), dy.reshape(-1, x.shape[-1]).sum(0).to(weight.dtype), None)
