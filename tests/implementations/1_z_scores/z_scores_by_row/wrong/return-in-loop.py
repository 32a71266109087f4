def z_scores_by_row(table):
    for row in table:
        return (row - row.mean()) / row.std()
