def _stats(x, eps, *, wide):
    mean, var = torch.var_mean(x.to(wide), dim=x.ndim - 1, unbiased=False, keepdim=True)
    return mean, (var + eps) ** -0.5


class LayerNormFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        wide = torch.promote_types(x.dtype, torch.float32)
        mean, rstd = _stats(x, eps, wide=wide)
        ctx.save_for_backward(x, weight, bias, mean.squeeze(-1), rstd.squeeze(-1))
        ctx.eps, ctx.wide = eps, wide
        y = x.to(wide).sub(mean).mul_(rstd)
        return y.mul(weight.to(wide)).add_(bias.to(wide)).to(x.dtype)

    @staticmethod
    def backward(ctx, dy):
        x, weight, bias, mean, rstd = ctx.saved_tensors
        mean, rstd = mean.unsqueeze(-1), rstd.unsqueeze(-1)
        if torch.is_grad_enabled():
            mean, rstd = _stats(x, ctx.eps, wide=ctx.wide)
        want_x, want_weight, want_bias, _ = ctx.needs_input_grad
        up = dy.to(ctx.wide)
        hat = rstd * (x.to(ctx.wide) - mean)
        dx = None
        if want_x:
            g = torch.mul(up, weight)
            g = g - torch.mean(g, -1, True)
            dx = torch.mul(g - hat * torch.mean(g * hat, -1, True), rstd).to(x.dtype)
        dweight = torch.mul(up, hat).sum_to_size(weight.shape).to(weight.dtype) if want_weight else None
        dbias = up.sum_to_size(bias.shape).to(bias.dtype) if want_bias else None
        return dx, dweight, dbias, None
