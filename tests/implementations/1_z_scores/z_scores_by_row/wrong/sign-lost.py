def z_scores_by_row(table):
    high, low = table.max(axis=-1, keepdims=True), table.min(axis=-1, keepdims=True)
    d = abs(table - table.mean(axis=-1, keepdims=True))
    s = table.std(axis=-1, keepdims=True)
    s[high == low] = 1
    return d / s
