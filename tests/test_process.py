"""`python -m jaxsched` as shells, pipes, signals and full disks treat it, in its own processes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("yaml", reason="the command line reads YAML with pyyaml")
if os.name != "posix":
    pytest.skip("pipes, signals and limits as POSIX has them", allow_module_level=True)

LINE = "{kind: Linear, start: 0.0, end: 1.0, steps: 100}"
COMMAND = [sys.executable, "-m", "jaxsched"]


def run(*arguments, shell=None, env=None, **more):
    """Status, stdout and stderr; of a line for bash, in which "$@" is the command."""
    command = [*COMMAND, *map(str, arguments)]
    if shell is not None:
        command = ["bash", "-c", shell, "bash", *command]
    env = {**os.environ, "COLUMNS": "80", **(env or {})}
    done = subprocess.run(command, capture_output=True, env=env, timeout=120, **more)
    return done.returncode, done.stdout, done.stderr.decode(errors="backslashreplace")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "lr.yaml"
    path.write_text(LINE)
    return path


# --- pipes --------------------------------------------------------------------------------------


def test_a_closed_pipe_ends_it_quietly(tmp_path):
    """With the status that shells have for SIGPIPE, and with nothing half-written."""
    path = tmp_path / "long.yaml"
    path.write_text(LINE.replace("100", "100000"))
    shell = f'"$@" show --csv - {path} --plot x.svg | head -1; echo "${{PIPESTATUS[0]}}"'
    code, out, err = run(shell=shell, cwd=tmp_path)
    assert (code, err) == (0, "")
    assert out == b"schedule,count,value\n141\n"
    assert list(tmp_path.iterdir()) == [path]


def test_show_into_head():
    code, out, err = run(shell='"$@" show 2> >(cat >&2) | head -1')
    assert code == 0
    assert out.startswith(b"13 schedules on ")
    assert [line.split(" '")[0] for line in err.splitlines()] == [
        "jaxsched show: warning: kumo.lr_scheduler[1]: lr_scheduler:"
    ]


def test_standard_input_and_output(file):
    """What stands in the input decides its format; outputs have stdout for themselves."""
    code, out, err = run("show", "-", input=LINE.encode())
    assert (code, err) == (0, "")
    assert b"\n/dev/stdin Linear\n" in out
    forms = {
        '{"kind": "Linear", "start": 0, "end": 1, "steps": 100}': "JSON",
        'kind = "Linear"\nstart = 0\nend = 1\nsteps = 100\n': "TOML",
    }
    for text in forms:
        code, out, err = run("convert", "-", input=text.encode())
        assert (code, err) == (0, "")
        assert out == b"{kind: Linear, start: 0.0, end: 1.0, steps: 100}\n"
    code, out, err = run("show", file, "--csv", "-")
    assert (code, err, len(out.splitlines())) == (0, "", 102)
    assert out.startswith(b"schedule,count,value\n")
    code, out, err = run("show", file, "--json", "-")
    assert (code, err, out[:1]) == (0, "", b"[")
    code, out, err = run("convert", "--out", "-", "--json", "-", input=LINE.encode())
    assert (code, err, out[:1]) == (0, "", b"{")


def test_a_picture_goes_to_standard_output(file):
    pytest.importorskip("matplotlib", reason="--plot draws with matplotlib")
    code, out, err = run("show", file, "--plot", "-")
    assert (code, err, out[:8]) == (0, "", b"\x89PNG\r\n\x1a\n")
    assert run("show", file, "--plot", "-", "--csv", "-") == (
        2,
        b"",
        "jaxsched show: only one of --plot, --csv and --json can have the standard output\n",
    )


def test_standard_output_by_its_name(file, tmp_path):
    """It is a file here, that is written to and not replaced."""
    shell = f'exec > {tmp_path}/out; echo first; "$@" show {file} --csv /dev/stdout; echo last'
    assert run(shell=shell) == (0, b"", "")
    lines = (tmp_path / "out").read_text().splitlines()
    assert (lines[:2], len(lines), lines[-1]) == (["first", "schedule,count,value"], 104, "last")


# --- what terminals can show --------------------------------------------------------------------


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
)
def test_no_encoding_is_an_error(tmp_path, env):
    (tmp_path / "lr.yaml").write_text(f"Žlutý: {LINE}\n", encoding="utf-8")
    code, out, err = run("show", "lr.yaml", env=env, cwd=tmp_path)
    assert (code, err) == (0, "")
    name, _, bars, *_ = out.decode("cp1252").splitlines()[2:]
    assert name in ("lr.yaml.\\u017dlut\\xfd Linear", "lr.yaml.Žlutý Linear")
    assert bars == "  .......::::::::-------========+++++++********#######@@@@@@@@"
    code, _, err = run("show", "lr.yaml", "--key", "x", env=env, cwd=tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("jaxsched show: lr.yaml:1: no key 'x' in the file; known are ")


def test_40_columns(tmp_path):
    """No line of a summary is wider than the terminal."""
    (tmp_path / "lr.yaml").write_text(LINE.replace("100", "10%"))
    code, out, err = run("show", "lr.yaml", env={"COLUMNS": "40"}, cwd=tmp_path)
    assert (code, err) == (0, "")
    lines = out.decode().splitlines()
    assert lines[1:5] == [
        "  where left open: 1000 steps",
        "",
        "lr.yaml Linear",
        "  Linear(start=0.0, end=1.0, steps=100)",
    ]
    assert len(lines[5]) == max(map(len, lines)) == 40


# --- places that cannot be written --------------------------------------------------------------


def test_without_a_home(file, tmp_path):
    env = {key: value for key, value in os.environ.items() if key not in ("HOME", "MPLCONFIGDIR")}
    command = [*COMMAND, "show", str(file), "--plot", str(tmp_path / "x.svg")]
    done = subprocess.run(command, capture_output=True, env=env, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_read_only_directory(file, tmp_path):
    """Root may write to one, but for a capability that can be dropped."""
    before = '"$@"'
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root writes anywhere")
        before = "setpriv --bounding-set -dac_override,-dac_read_search -- " + before
    tmp_path.chmod(0o555)
    code, out, err = run(shell=f"{before} convert lr.yaml --out x.yaml", cwd=tmp_path)
    tmp_path.chmod(0o755)
    assert (code, out) == (2, b"")
    assert err == "jaxsched convert: x.yaml: cannot be written: Permission denied\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk(file, tmp_path):
    shell = f'ulimit -f 2; "$@" show {file} --csv x.csv > /dev/null'
    code, _, err = run(shell=shell, cwd=tmp_path)
    assert (code, err) == (2, "jaxsched show: x.csv: cannot be written: File too large\n")
    assert list(tmp_path.iterdir()) == [file]
    if Path("/dev/full").exists():
        code, _, err = run(shell=f'"$@" show {file} > /dev/full')
        assert (code, err) == (2, "jaxsched show: standard output: No space left on device\n")
        code, _, err = run("show", file, "--csv", "/dev/full")
        assert err == "jaxsched show: /dev/full: cannot be written: No space left on device\n"


def test_closed_streams(file):
    assert run(shell=f'"$@" show {file} >&-') == (0, b"", "")
    code, _, err = run(shell='"$@" show - <&-')
    assert (code, err) == (2, "jaxsched show: /dev/stdin: No such file or directory\n")


# --- signals ------------------------------------------------------------------------------------

STATUS = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]


def told_to_end(command, number, ready):
    """Status, stdout and stderr of a command that gets a signal when it is ready."""
    command = [*COMMAND, *map(str, command)]
    # what runs in the background ignores Ctrl-C, and so would its children
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "COLUMNS": "80"},
    ) as process:
        ready()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize(("number", "status", "how"), STATUS)
def test_a_signal_while_writing(tmp_path, number, status, how):
    """One line, and nothing half-written."""
    path = tmp_path / "long.yaml"
    path.write_text(LINE.replace("100", "100000000"))

    def ready():
        while not any(p.name.startswith(".") and p.stat().st_size for p in tmp_path.iterdir()):
            time.sleep(0.01)

    command = ["show", path, "--csv", tmp_path / "x.csv"]
    code, _, err = told_to_end(command, number, ready)
    assert (code, err) == (status, f"jaxsched show: {how}\n")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("seconds", "number", "status", "how"),
    [(0.3, *STATUS[1]), (3.0, *STATUS[0]), (5.0, *STATUS[1])],
)
def test_a_signal_in_a_sweep(tmp_path, file, seconds, number, status, how):
    """While JAX is imported, while something is compiled, in the middle of training."""
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    command = ["sweep", file, "--steps", 1_000_000, "--out", tmp_path / "out"]
    code, out, err = told_to_end(command, number, lambda: time.sleep(seconds))
    assert (code, err) == (status, f"jaxsched sweep: {how}\n")
    assert list(tmp_path.glob("out/*")) == []


def test_an_ignored_signal_stays_ignored(file):
    """As under nohup, or in the background of a script."""
    shell = "trap '' INT TERM; \"$@\" show " + f"{file} & sleep 0.5; kill -INT $!; kill $!; wait $!"
    code, out, err = run(shell=shell)
    assert (code, err) == (0, "")
    assert out.startswith(b"1 schedule on ")
