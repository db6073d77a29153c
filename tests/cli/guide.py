#!/usr/bin/env python3
"""guide.py MIG GUIDE.md: does what the guide says, in its order. A block fenced as "LANGUAGE FILE" is written to that
file, one fenced as "sh" is run, and one fenced as "text" must be what the commands before it have printed, where
"..." stands for anything."""
import os
import re
import subprocess
import sys
import tempfile


def blocks(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for m in re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.M | re.S):
        yield text.count("\n", 0, m.start()) + 1, m.group(1).split(), m.group(2)


def pattern(expected):
    """As a regular expression; a line that is only "..." is any number of lines."""
    lines = []
    for line in expected.rstrip("\n").split("\n"):
        lines.append("(?:.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + "\n")
    return "".join(lines)


def main():
    mig, guide = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    build = os.path.dirname(os.path.dirname(mig))
    env = {k: v for k, v in os.environ.items() if not (k.startswith("MIG_") and k != "MIG_DIALECT_PATH")}
    env["PATH"] = os.path.dirname(mig) + ":" + env["PATH"]
    env["PKG_CONFIG_PATH"] = os.path.join(build, "meson-uninstalled")
    env["LD_LIBRARY_PATH"] = os.path.dirname(mig) + ":" + env.get("LD_LIBRARY_PATH", "")
    printed, ran, compared = "", 0, 0
    with tempfile.TemporaryDirectory(prefix="mig-guide-") as folder:
        for line, words, text in blocks(guide):
            if len(words) == 2 and words[1] != "fragment":
                with open(os.path.join(folder, words[1]), "w", encoding="utf-8") as f:
                    f.write(text)
            elif words == ["sh"]:
                done = subprocess.run(["sh", "-e", "-c", text], cwd=folder, env=env, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, encoding="utf-8", check=False)
                printed, ran = done.stdout, ran + 1
                if done.returncode:
                    sys.exit(f"{guide}:{line}: status {done.returncode}\n{text}\n{printed}")
            elif words == ["text"]:
                compared += 1
                if not re.fullmatch(pattern(text), printed):
                    sys.exit(f"{guide}:{line}: something else is printed:\n{printed}")
    print(f"{ran} blocks were run, {compared} results compared")
    return 0 if ran > 8 and compared > 5 else 1


sys.exit(main())
