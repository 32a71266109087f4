class LayerNormFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        ctx.save_for_backward(x, weight)
        ctx.eps = eps
        rows = [hat(row, eps)[0] * weight + bias for row in x.reshape(-1, x.shape[-1])]
        return torch.stack(rows).reshape(x.shape).to(x.dtype)

    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        d = x.shape[-1]
        slopes, dweight, dbias = [], 0, 0
        for row, up in zip(x.reshape(-1, d), dy.reshape(-1, d)):
            x_hat, s = hat(row, ctx.eps)
            up = up.to(x_hat.dtype)
            g = up * weight
            slopes.append((g - g.sum() / d - x_hat * torch.dot(g, x_hat) / d) / s)
            dweight = dweight + up * x_hat
            dbias = dbias + up
        dx = torch.stack(slopes).reshape(x.shape).to(x.dtype)
        return dx, dweight.to(weight.dtype), dbias.to(weight.dtype), None


def hat(row, eps):
    if row.dtype != torch.float64:
        row = row.float()
    centred = row - row.sum() / len(row)
    s = (centred.square().sum() / len(row) + eps) ** 0.5
    return centred / s, s
