#!/usr/bin/env python3
"""question.py MIG: Ctrl-C and SIGTERM while mig asks a question on a terminal: it ends, and nothing was done."""
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time

LIMIT = 60  # seconds


def on_terminal(words, question, act):
    """Runs the words on a terminal until the question is there, then act(pid, terminal). Returns what was shown
    and the status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(words[0], words)
    shown, acted, end = b"", False, time.monotonic() + LIMIT
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:  # nobody has it open any more
            part = b""
        if not part:
            break
        shown += part
        if not acted and question in shown:
            acted = True
            act(pid, terminal)
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def press(pid, terminal):
    os.write(terminal, b"\x03")


def terminate(pid, terminal):
    os.kill(pid, signal.SIGTERM)


def state():
    files = sorted(os.listdir("migrations/versions"))
    return files, subprocess.run(["sqlite3", "a.db", ".dump"], stdout=subprocess.PIPE, check=True).stdout


def write_model(sql):
    with open("schema.sql", "w", encoding="ascii") as file:
        file.write(sql)


def main():
    mig = os.path.abspath(sys.argv[1])
    for variable in ("MIG_URL", "MIG_DIRECTORY", "MIG_CONFIG", "MIG_APP"):
        os.environ.pop(variable, None)
    with tempfile.TemporaryDirectory(prefix="mig-question-") as folder:
        os.chdir(folder)
        write_model("CREATE TABLE t (a TEXT, b TEXT);")
        for words in (["init", "--url", "sqlite:a.db", "--models", "schema.sql"],
                      ["migrate", "-m", "one"], ["upgrade"]):
            subprocess.run([mig, *words, "-q"], check=True, stdout=subprocess.DEVNULL)
        write_model("CREATE TABLE t (aa TEXT, bb TEXT);")
        before = state()
        for words, question in ((["migrate", "-m", "two"], b"[y/N]"), (["downgrade", "base"], b"Go on? [y/N]")):
            for act in (press, terminate):
                shown, status = on_terminal([mig, *words], question, act)
                assert status in (1, -signal.SIGINT, -signal.SIGTERM), (words, act, status, shown)
                assert shown.count("[y/N]") == 1, shown
                assert state() == before, (words, act, shown)
        os.chdir("/")


main()
