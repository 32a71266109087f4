def z_scores_by_row(table):
    return table - table.mean(axis=-1, keepdims=True)
