"""A cell magic for chapter 7: run a cell where the optional packages are installed, and say so where they are not."""

from experiments.real_models.packages import ALL, missing


def live(line: str, cell: str) -> None:
    """Run the cell, or print which packages it would need. An error in the cell is an error of the page."""
    from IPython import get_ipython
    from IPython.utils.capture import capture_output

    absent = missing(ALL)
    if absent:
        print(f"Not run here: {', '.join(absent)} not installed. The numbers in the text are from the stored results.")
        return
    with capture_output(display=False) as captured:  # a slow cell's lines would else become several blocks on the page
        result = get_ipython().run_cell(cell, store_history=False)
    print(captured.stdout, end="")
    result.raise_error()


def register() -> None:
    """Make ``%%live`` known to the notebook that calls this."""
    from IPython import get_ipython

    get_ipython().register_magic_function(live, "cell", "live")
