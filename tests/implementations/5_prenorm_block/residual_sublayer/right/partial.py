from functools import partial
def _pre(x, f, n): return x + f(n(x))
def _post(x, f, n): return n(x + f(x))
def _res(x, f, n): return x + n(f(x))
def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    if placement == "sandwich":
        return partial(_res, f=lambda t: branch(norm(t)), n=output_norm)
    if placement == "deepnorm":
        return lambda x: norm(torch.lerp(branch(x), branch(x) + x, alpha))
    if placement == "none":
        return partial(_pre, f=branch, n=lambda t: t)
    return partial({"pre": _pre, "post": _post, "res-post": _res}[placement], f=branch, n=norm)
