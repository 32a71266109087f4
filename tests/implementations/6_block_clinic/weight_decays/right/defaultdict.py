from collections import defaultdict
def weight_decays(shapes, decay):
    out = defaultdict(float)
    for n, s in shapes.items():
        out[n] += decay * (len(s) > 1)
    return out
