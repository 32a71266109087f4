def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    def f(x):
        if placement == "pre": return alpha * x + branch(norm(x))
        if placement == "post": return norm(alpha * x + branch(x))
        if placement == "res-post": return alpha * x + norm(branch(x))
        if placement == "sandwich": return alpha * x + output_norm(branch(norm(x)))
        if placement == "deepnorm": return norm(alpha * x + branch(x))
        return alpha * x + branch(x)
    return f
