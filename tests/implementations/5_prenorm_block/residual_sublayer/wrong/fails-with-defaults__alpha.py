def residual_sublayer(placement, branch, norm, output_norm=None, alpha=2.0):
    return {
        "pre": lambda x: x + branch(norm(x)),
        "post": lambda x: norm(x + branch(x)),
        "res-post": lambda x: x + norm(branch(x)),
        "sandwich": lambda x: x + output_norm(branch(norm(x))),
        "deepnorm": lambda x: norm(alpha * x + branch(x)),
        "none": lambda x: x + branch(x),
    }[placement]
