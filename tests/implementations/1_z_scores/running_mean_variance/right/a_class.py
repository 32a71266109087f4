class Running:
    def __init__(self):
        self.n, self.mean, self.m = 0, 0.0, 0.0

    def add(self, value):
        self.n += 1
        before = value - self.mean
        self.mean += before / self.n
        self.m += before * (value - self.mean)

    @property
    def variance(self):
        return self.m / self.n


def running_mean_variance(stream):
    running = Running()
    while True:
        try:
            running.add(next(stream))
        except StopIteration:
            break
    return (running.mean, running.variance)
