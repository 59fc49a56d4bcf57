"""How Sphinx renders the course; web/pages.py lays out the sources and calls it."""

import os

project = "How neural networks learn"
author = "the mytorch course"
copyright = "the mytorch course, MIT licence"
language = "en"  # the language of the search, too

extensions = ["myst_nb"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # what is shown is what the notebooks store
nb_ipywidgets_js = {}  # stored pictures only, so no script of widgets
nb_merge_streams = True

# One file with all the glyphs as paths: no fonts to fetch, and none from another host.
mathjax_path = "mathjax.js"
mathjax3_config = {"options": {"enableMenu": False}}

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = [os.environ["SITE_STATIC"]]
html_css_files = ["site.css"]
html_use_index = False
html_show_sphinx = False
html_last_updated_fmt = None
html_context = {"default_mode": "light"}  # the pictures have a white ground
html_theme_options = {
    "show_navbar_depth": 1,
    "show_toc_level": 1,
    "use_download_button": True,
    "use_fullscreen_button": False,
    "navbar_persistent": [],  # the search stands in the side bar
}

# Where the project is kept in public, "owner/name": only then can Binder and Colab find it.
if repository := os.environ.get("SITE_REPOSITORY"):
    html_theme_options |= {
        "repository_url": f"https://github.com/{repository}",
        "repository_branch": "main",
        "path_to_docs": "notebooks",
        "use_repository_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        },
    }
