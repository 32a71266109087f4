def residual_sublayer(placement, branch, norm, output_norm=None, alpha=1.0):
    def pre(x):
        return x + branch(norm(x))

    def post(x):
        return norm(x + branch(x))

    def res_post(x):
        return x + norm(branch(x))

    def sandwich(x):
        return x + norm(branch(output_norm(x)))

    def deepnorm(x):
        return norm(alpha * x + branch(x))

    def none(x):
        return x + branch(x)

    wirings = {"pre": pre, "post": post, "res-post": res_post, "sandwich": sandwich, "deepnorm": deepnorm, "none": none}
    return wirings[placement]
