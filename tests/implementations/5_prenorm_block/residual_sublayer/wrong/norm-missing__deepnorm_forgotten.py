def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    wired = {
        "pre": lambda x: x + branch(norm(x)),
        "post": lambda x: norm(x + branch(x)),
        "res-post": lambda x: x + norm(branch(x)),
        "sandwich": lambda x: x + output_norm(branch(norm(x))),
    }
    return wired.get(placement, lambda x: x + branch(x))
