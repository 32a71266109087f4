import statistics


def running_mean_variance(stream):
    values = list(stream)
    return statistics.fmean(values), statistics.pvariance(values)
