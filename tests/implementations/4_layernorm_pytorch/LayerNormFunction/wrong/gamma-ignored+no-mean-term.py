class LayerNormFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        mean, rstd = statistics(x, eps)
        ctx.save_for_backward(x, weight, mean, rstd)
        ctx.eps = eps
        x_hat = (x.to(mean.dtype) - mean) * rstd
        return (x_hat * weight + bias).to(x.dtype)

    @staticmethod
    def backward(ctx, dy):
        x, weight, mean, rstd = ctx.saved_tensors
        if torch.is_grad_enabled():
            mean, rstd = statistics(x, ctx.eps)
        x_hat = (x.to(mean.dtype) - mean) * rstd
        dy = dy.to(mean.dtype)
        g = dy
        dx = (g - x_hat * (g * x_hat).mean(-1, keepdim=True)) * rstd
        dweight = (dy * x_hat).reshape(-1, x.shape[-1]).sum(0)
        dbias = dy.reshape(-1, x.shape[-1]).sum(0)
        return dx.to(x.dtype), dweight.to(weight.dtype), dbias.to(weight.dtype), None


def statistics(x, eps):
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return mean, 1 / torch.sqrt(variance + eps)
