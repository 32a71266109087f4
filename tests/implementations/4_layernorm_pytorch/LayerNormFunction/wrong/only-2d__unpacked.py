class LayerNormFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        batch, length, d = x.shape
        mean = x.sum(-1, keepdim=True) / d
        rstd = torch.rsqrt(((x - mean) ** 2).sum(-1, keepdim=True) / d + eps)
        ctx.save_for_backward(x, weight, mean, rstd)
        return (x - mean) * rstd * weight + bias

    @staticmethod
    def backward(ctx, dy):
        x, weight, mean, rstd = ctx.saved_tensors
        x_hat, g = (x - mean) * rstd, dy * weight
        dx = (g - g.mean(-1, keepdim=True) - x_hat * (g * x_hat).mean(-1, keepdim=True)) * rstd
        return dx, (dy * x_hat).sum((0, 1)), dy.sum((0, 1)), None
