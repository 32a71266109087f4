class LayerNormFunction(torch.autograd.Function):
    """Sums over tokens as products with a vector of ones, means over features by a matrix that projects."""

    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        ctx.save_for_backward(x, weight)
        ctx.set_materialize_grads(True)
        ctx.eps = float(eps)
        h, _ = LayerNormFunction._hat(x, eps)
        return (h * weight + bias).to(x.dtype)

    @staticmethod
    def _hat(x, eps):
        t = x.double()
        c = t - t.mean(-1, keepdim=True)
        r = (torch.linalg.vector_norm(c, dim=-1, keepdim=True) ** 2 / x.shape[-1] + eps).pow(-0.5)
        return c * r, r

    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        d = x.shape[-1]
        h, r = LayerNormFunction._hat(x, ctx.eps)
        up = dy.double()
        dx = dweight = dbias = None
        if ctx.needs_input_grad[0]:
            g = up * weight.double()
            ones = g.new_ones(d, 1) / d
            dx = ((g - g @ ones - h * ((g * h) @ ones)) * r).to(x.dtype)
        rows = up.reshape(-1, d)
        one = rows.new_ones(1, rows.shape[0])
        if ctx.needs_input_grad[1]:
            dweight = (one @ (rows * h.reshape(-1, d))).squeeze(0).to(weight.dtype)
        if ctx.needs_input_grad[2]:
            dbias = (one @ rows).squeeze(0).to(weight.dtype)
        return dx, dweight, dbias, None
