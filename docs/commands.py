"""What the command line says of itself."""

import contextlib
import io
import re

from jaxsched.commands import parser


def helps() -> str:
    """The text of each command's --help."""
    top = parser.parser()
    names = re.findall(r"\w+", re.findall(r"{(.*?)}", top.format_usage())[0])
    text = []
    for name in names:
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            top.parse_args([name, "--help"])
        text.append(f"## {name}\n\n```text\n{said.getvalue()}```")
    return "\n\n".join(text)
