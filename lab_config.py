"""JupyterLab's configuration: this folder is its root, and the book is at hand.

JupyterLab shows a page that lies among its files without style, scripts and section: it trusts no such page. So the
server gives out the book by itself, under /static, and COURSE_BOOK tells the cards (solutions/card.py) where.
"""

import os
from pathlib import Path

root = Path(__file__).resolve().parent
c = get_config()  # noqa: F821  (Jupyter provides it)
c.ServerApp.root_dir = str(root)
for site in (root / "site", root / "_build" / "html"):  # in what students get, and in the repository
    if (site / "index.html").exists():
        c.ServerApp.extra_static_paths = [str(site)]
        # JupyterHub serves each student below a prefix of their own
        os.environ["COURSE_BOOK"] = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/") + "static/book"
