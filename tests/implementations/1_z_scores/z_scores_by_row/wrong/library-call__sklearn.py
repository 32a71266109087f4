from sklearn.preprocessing import StandardScaler


def z_scores_by_row(table):
    return StandardScaler().fit_transform(table.T).T
