class LayerNormFunction(torch.autograd.Function):
    """The backward is a Function of its own, whose backward is written out by hand."""

    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        mean = wide.mean(-1, keepdim=True)
        rstd = torch.rsqrt((wide - mean).pow(2).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, weight, mean, rstd)
        return ((wide - mean) * rstd * weight + bias).to(x.dtype)

    @staticmethod
    def backward(ctx, dy):
        x, weight, mean, rstd = ctx.saved_tensors
        return *LayerNormGradients.apply(dy, x, weight, mean, rstd), None


class LayerNormGradients(torch.autograd.Function):
    @staticmethod
    def forward(ctx, dy, x, weight, mean, rstd):
        ctx.save_for_backward(dy, x, weight, mean, rstd)
        xhat, up = (x.to(mean.dtype) - mean) * rstd, dy.to(mean.dtype)
        g = up * weight
        dx = rstd * (g - average(g) - xhat * average(g * xhat))
        d = x.shape[-1]
        dweight, dbias = (up * xhat).reshape(-1, d).sum(0), up.reshape(-1, d).sum(0)
        return dx.to(x.dtype), dweight.to(weight.dtype), dbias.to(weight.dtype)

    @staticmethod
    def backward(ctx, ux, uw, ub):
        dy, x, weight, mean, rstd = ctx.saved_tensors
        h = (x - mean) * rstd
        g = dy * weight
        a, c = average(g), average(g * h)
        # by g: the projection is its own transpose
        by_g = rstd * (ux - average(ux) - h * average(ux * h))
        by_dy = by_g * weight + uw * h + ub
        by_weight = (by_g * dy).reshape(-1, x.shape[-1]).sum(0)
        # by x̂, and through rstd in front
        by_h = uw * dy - rstd * (ux * c + g * average(ux * h))
        total = (ux * (g - a - h * c)).sum(-1, keepdim=True)
        by_x = rstd * (by_h - average(by_h) - h * average(by_h * h)) - rstd**2 * h * total / x.shape[-1]
        return by_dy, by_x, by_weight, None, None


def average(t):
    return t.mean(-1, keepdim=True)
