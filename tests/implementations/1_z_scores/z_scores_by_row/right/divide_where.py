def z_scores_by_row(table):
    c = table - table.mean(-1, keepdims=True)
    s = table.std(-1, keepdims=True)
    const = table.max(-1, keepdims=True) == table.min(-1, keepdims=True)
    return np.divide(c, s, out=np.zeros_like(c), where=~const & np.ones(c.shape, bool))
