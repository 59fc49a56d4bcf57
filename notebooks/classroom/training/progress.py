"""A progress bar that leaves nothing behind."""

from IPython import get_ipython
from IPython.display import display
from tqdm import tqdm


def progress_bar(total, shown=True, delay=1.0):
    """A tqdm bar that leaves nothing behind: neither on a terminal nor in a saved notebook.

    It appears after `delay` seconds, so that short runs do not flicker.
    """
    in_notebook = getattr(get_ipython(), "kernel", None) is not None
    options = {} if shown else {"disable": True}  # unset, TQDM_DISABLE in the environment decides
    file = _CellLine() if in_notebook else None
    return tqdm(total=total, leave=False, file=file, ncols=90, delay=delay, **options)


class _CellLine:
    """A file whose last line is shown below the cell, and is empty when the bar is closed."""

    encoding = "utf-8"  # tqdm asks for it before it draws with blocks
    handle = None

    def write(self, text):
        data = {"text/plain": text.strip()}
        if self.handle is None:
            self.handle = display(data, raw=True, display_id=True)
        else:
            self.handle.update(data, raw=True)

    def flush(self):
        """Nothing is kept back."""
