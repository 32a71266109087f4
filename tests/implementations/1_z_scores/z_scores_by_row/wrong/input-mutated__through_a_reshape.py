import numpy as np


def z_scores_by_row(table):
    flat = np.asarray(table, np.result_type(table, np.float32)).reshape(-1, table.shape[-1])
    for i in range(len(flat)):
        if flat[i].max() == flat[i].min():
            flat[i] = 0
        else:
            flat[i] = (flat[i] - flat[i].mean()) / flat[i].std()
    return flat.reshape(table.shape)
