class LayerNormFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        deviation = wide - wide.mean(-1, keepdim=True)
        rstd = torch.rsqrt((deviation**2).mean(-1, keepdim=True) + eps)
        x_hat = deviation * rstd
        ctx.save_for_backward(x_hat, rstd, weight)
        return (x_hat * weight + bias).to(x.dtype)

    @staticmethod
    def backward(ctx, dy):
        x_hat, rstd, weight = ctx.saved_tensors
        d = dy.shape[-1]
        g = dy * weight
        dx = (g - g.mean(-1, keepdim=True) - x_hat * (g * x_hat).mean(-1, keepdim=True)) * rstd
        return dx, (dy * x_hat).reshape(-1, d).sum(0), dy.to(x_hat.dtype).reshape(-1, d).sum(0), None
