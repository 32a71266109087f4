def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    return {
        "pre": lambda x: branch(norm(x)) + x,
        "post": lambda x: norm(branch(x) + x),
        "res-post": lambda x: norm(branch(x)) + x,
        "sandwich": lambda x: output_norm(branch(norm(x))) + x,
        "deepnorm": lambda x: norm(branch(x) + x * alpha),
        "none": lambda x: branch(x) + x,
    }[placement]
