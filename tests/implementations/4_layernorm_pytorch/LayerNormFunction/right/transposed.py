class LayerNormFunction(torch.autograd.Function):
    """The features first, so that statistics are reductions over axis 0."""

    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        mean, rstd = columns(x, eps)[1:]
        ctx.eps = eps
        ctx.save_for_backward(x, weight, mean, rstd)
        t = table(x).T.to(mean.dtype)
        y = (t - mean) * rstd * weight[:, None] + bias[:, None]
        return y.T.reshape(x.shape).to(x.dtype)

    @staticmethod
    def backward(ctx, dy):
        x, weight, mean, rstd = ctx.saved_tensors
        t = table(x).T.to(mean.dtype)
        if torch.is_grad_enabled():
            t, mean, rstd = columns(x, ctx.eps)
        hat = (t - mean) * rstd
        up = table(dy).T.to(hat.dtype)
        g = up * weight[:, None]
        dx = (g - g.mean(0) - hat * (g * hat).mean(0)) * rstd
        return dx.T.reshape(x.shape).to(x.dtype), (up * hat).sum(1), up.sum(1), None


def table(x):
    return x.reshape(-1, x.shape[-1])


def columns(x, eps):
    t = table(x).T
    t = t if t.dtype == torch.float64 else t.float()
    mean = t.mean(0)
    return t, mean, ((t - mean).square().mean(0) + eps).rsqrt()
