class LayerNormFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        wide = x.double()
        d = x.shape[-1]
        centred = wide - torch.einsum("...d->...", wide).unsqueeze(-1) / d
        s = torch.sqrt(torch.einsum("...d,...d->...", centred, centred).unsqueeze(-1) / d + eps)
        ctx.save_for_backward(x, weight)
        ctx.eps = eps
        return (centred / s * weight.double() + bias.double()).to(x.dtype)

    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        d = x.shape[-1]
        wide, dy = x.double(), dy.double()
        centred = wide - torch.einsum("...d->...", wide).unsqueeze(-1) / d
        s = torch.sqrt(torch.einsum("...d,...d->...", centred, centred).unsqueeze(-1) / d + ctx.eps)
        xhat = centred / s
        g = torch.einsum("...d,d->...d", dy, weight.double())
        along = torch.einsum("...d,...d->...", g, xhat).unsqueeze(-1) / d
        dx = (g - torch.einsum("...d->...", g).unsqueeze(-1) / d - xhat * along) / s
        dweight = torch.einsum("...d,...d->d", dy, xhat)
        dbias = torch.einsum("...d->d", dy)
        return dx.to(x.dtype), dweight.to(weight.dtype), dbias.to(weight.dtype), None
