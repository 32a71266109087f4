def z_scores_by_row(table):
    mean = table.mean(axis=-1, keepdims=True)
    return (table - mean) / table.std(axis=-1, keepdims=True)
