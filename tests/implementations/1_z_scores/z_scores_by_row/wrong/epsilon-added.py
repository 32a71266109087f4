def z_scores_by_row(table):
    deviation = table - table.mean(axis=-1, keepdims=True)
    return deviation / (table.std(axis=-1, keepdims=True) + 1e-8)
