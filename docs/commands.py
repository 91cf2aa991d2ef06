"""What the command line says of itself."""

import contextlib
import io
import re

from jaxsched import cli


def helps() -> str:
    """The text of each command's --help."""
    parser = cli.parser()
    names = re.findall(r"\w+", re.findall(r"{(.*?)}", parser.format_usage())[0])
    text = []
    for name in names:
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            parser.parse_args([name, "--help"])
        text.append(f"## {name}\n\n```text\n{said.getvalue()}```")
    return "\n\n".join(text)
