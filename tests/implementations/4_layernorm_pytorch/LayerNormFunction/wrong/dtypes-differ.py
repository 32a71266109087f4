class LayerNormFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        mean, rstd = statistics(x, eps)
        ctx.save_for_backward(x, weight, mean, rstd)
        ctx.eps = eps
        return ((x.to(mean.dtype) - mean) * rstd * weight + bias).to(x.dtype)

    @staticmethod
    def backward(ctx, dy):
        x, weight, mean, rstd = ctx.saved_tensors
        if torch.is_grad_enabled():
            mean, rstd = statistics(x, ctx.eps)
        d = x.shape[-1]
        x_hat, dy = ((x.to(mean.dtype) - mean) * rstd).reshape(-1, d), dy.to(mean.dtype).reshape(-1, d)
        g, r = dy * weight, rstd.reshape(-1, 1)
        dx = (g - g.mean(-1, keepdim=True) - x_hat * (g * x_hat).mean(-1, keepdim=True)) * r
        ones = torch.ones(len(dy), dtype=torch.float64)
        return dx.reshape(x.shape).to(x.dtype), (dy * x_hat).T @ ones, dy.T @ ones, None


def statistics(x, eps):
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    mean = x.mean(-1, keepdim=True)
    return mean, torch.rsqrt(((x - mean) ** 2).mean(-1, keepdim=True) + eps)
