class LayerNormFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        mean = wide.mean(-1, keepdim=True)
        rstd = torch.rsqrt((wide - mean).square().mean(-1, keepdim=True) + eps)
        x_hat = (wide - mean) * rstd
        ctx.save_for_backward(x, weight, x_hat, rstd)
        ctx.eps = eps
        return (x_hat * weight + bias).to(x.dtype)

    @staticmethod
    def backward(ctx, dy):
        x, weight, x_hat, rstd = ctx.saved_tensors
        if torch.is_grad_enabled():
            wide = x.to(rstd.dtype)
            centred = wide - wide.mean(-1, keepdim=True)
            rstd = torch.rsqrt(centred.square().mean(-1, keepdim=True) + ctx.eps)
            x_hat = centred * rstd
        dy = dy.to(rstd.dtype)
        g = dy * weight
        dx = (g - g.mean(-1, keepdim=True) - x_hat * (g * x_hat).mean(-1, keepdim=True)) * rstd
        leading = tuple(range(x.ndim - 1))
        if leading:
            return dx.to(x.dtype), (dy * x_hat).sum(leading), dy.sum(leading), None
        return dx.to(x.dtype), dy * x_hat, dy, None
