import numpy as np


def z_scores_by_row(table):
    z = np.array(table, dtype=np.result_type(table.dtype, np.float32))
    constant = z.max(-1) == z.min(-1)
    z -= z.mean(-1, keepdims=True)
    with np.errstate(all="ignore"):
        z /= np.sqrt((z**2).mean(-1, keepdims=True))
    z[constant] = 0
    return z
