def running_mean_variance(stream):
    count, mean, total = 0, 0.0, 0.0
    for value in stream:
        count += 1
        from_old = value - mean
        mean += from_old / count
        total += from_old * (value - mean)
    return round(mean, 2), round(total / count, 2)
