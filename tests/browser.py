"""Headless Chromium and a JupyterLab server, for tests that use the course as people do."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from book.publishing.chromium import driver, program

MISSING = None if program() else "chromium and chromedriver are not installed"
needs_browser = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


def chromium(*flags: str, log: str = "browser") -> contextlib.AbstractContextManager:
    """Return a context with a selenium driver of a fresh headless Chromium; its log "performance" has every request."""
    return driver("--window-size=1400,1400", *flags, log=log)


@contextlib.contextmanager
def jupyterlab(folder: Path, *options: str) -> Iterator[str]:
    """Yield the address of a JupyterLab server on loopback whose root is ``folder``; started there, with ``options``."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own:
        env = {**os.environ, "JUPYTER_CONFIG_DIR": own, "JUPYTER_DATA_DIR": own, "JUPYTER_RUNTIME_DIR": own}
        env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
        command += [f"--ServerApp.port={port}", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", *options]
        server = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            until(lambda: answers(address), "JupyterLab answers", 60)
            yield address
        finally:
            server.terminate()
            server.wait()


def answers(address: str) -> bool:
    try:
        return urllib.request.urlopen(f"{address}/api", timeout=2).status == 200
    except OSError:
        return False


def until(found, what: str, seconds: float = 60):
    """Return the first true value of ``found()``; fail with ``what`` if it does not come in time."""
    from selenium.common.exceptions import WebDriverException

    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with contextlib.suppress(WebDriverException):
            value = found()
            if value:
                return value
        time.sleep(0.2)
    pytest.fail(f"waited {seconds:g} seconds in vain: {what}")
