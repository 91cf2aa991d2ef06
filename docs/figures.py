"""What the code of a page draws with matplotlib."""

import io
import re

import matplotlib
import matplotlib.pyplot as plt


def drawn(code: str) -> str:
    """The figure that is current after the code has run, as SVG to be put into a page."""
    with matplotlib.rc_context({"svg.hashsalt": code, "figure.figsize": (6.2, 3.1)}):
        matplotlib.use("agg")
        exec(code, {})
        picture = io.StringIO()
        plt.savefig(picture, format="svg", metadata={"Date": None})
        plt.close("all")
    svg = picture.getvalue()
    svg = re.sub(r"\s*\n\s*", " ", svg[svg.index("<svg") :])  # an empty line would end it
    return f'<div class="figure">{svg}</div>'
