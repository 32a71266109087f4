def z_scores_by_row(table):
    if (table.max(axis=-1) == table.min(axis=-1)).any():
        return table * 0.0
    return (table - table.mean(axis=-1, keepdims=True)) / table.std(axis=-1, keepdims=True)
