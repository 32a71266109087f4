state = {"n": 0, "mean": 0.0, "m": 0.0, "done": False}


def running_mean_variance(stream):
    if not state["done"]:
        for x in stream:
            state["n"] += 1
            delta = x - state["mean"]
            state["mean"] += delta / state["n"]
            state["m"] += delta * (x - state["mean"])
        state["done"] = True
    return state["mean"], state["m"] / state["n"]
