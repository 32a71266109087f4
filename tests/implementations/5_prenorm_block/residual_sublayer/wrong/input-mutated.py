def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):

    def f(x):
        if placement == "pre":
            x += branch(norm(x))
            return x
        if placement == "post":
            return norm(x + branch(x))
        if placement == "res-post":
            return x + norm(branch(x))
        if placement == "sandwich":
            return x + output_norm(branch(norm(x)))
        if placement == "deepnorm":
            return norm(alpha * x + branch(x))
        return x + branch(x)
    return f
