class LayerNormFunction(torch.autograd.Function):
    @staticmethod
    def forward(x, weight, bias, eps):
        wide = x if x.dtype == torch.float64 else x.to(torch.float32)
        mean = wide.mean(-1, keepdim=True)
        deviation = wide - mean
        rstd = deviation.square().mean(-1, keepdim=True).add_(eps).rsqrt_()
        return deviation.mul_(rstd).mul(weight).add(bias).to(x.dtype)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight, bias, ctx.eps = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        wide = x if x.dtype == torch.float64 else x.to(torch.float32)
        centred = wide - wide.mean(-1, keepdim=True)
        rstd = (centred.square().mean(-1, keepdim=True) + ctx.eps).rsqrt()
        h, up = centred * rstd, dy.to(wide.dtype)
        tokens = tuple(range(x.dim() - 1))
        dw = torch.sum(up * h, tokens) if tokens else up * h
        db = torch.sum(up, tokens) if tokens else up
        g = up * weight
        g = g - g.mean(-1, keepdim=True)
        return (g - h * (g * h).mean(-1, keepdim=True)).mul(rstd).to(x.dtype), dw, db, None
