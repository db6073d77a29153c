#!/usr/bin/env python3
"""habits.py FOLDER: the documents, the manual pages and the comments of the public headers are free of some habits
of speech that a reader stumbles over: each has a plainer word. Code in documents (between fences, in backquotes) is
not looked at."""
import glob
import os
import re
import sys

FILES = ("README.md", "CHANGELOG.md", "docs/*.md", "docs/internals/*.md", "docs/man/*.[1-8]", "include/mig/*.h")

# what is found, and what to write instead; a lookahead leaves the good uses alone
HABITS = (
    (r"\bbehind\b(?! (?:(?:a|the|this|that|such a) pooler|pgbouncer))", '"after" or "below"'),
    (r"\bbesides?\b", '"next to", "in addition to" or "compared with"'),
    (r"\b(?:tells?|told)\b(?! apart)", '"report", "say" or "distinguish"'),
    (r"\bshall\b", '"must" or "will"'),
    (r"\bamid\b", '"during", or what is unfinished'),
    (r"\bmend(?:s|ed|ing)?\b", '"fix"'),
    (r"\bcircles?\b", '"cycle"'),
    (r"\bcan(?:not)? be had\b", '"can be obtained", or who gives it'),
    (r"\b(?:goes|go|went|going|gone) on\b", '"continue"'),
    (r"\bcalled (?:so|otherwise)\b", "what its name is"),
    (r"\bneeds not\b", '"need not" or "does not have to"'),
    (r"\b[Ww]ho(?:ever)? (?:waits?|asks|has|locks|wants|prefers)\b", "the noun: a waiter, a process"),
    (r"\b(?:is|are) no (?=(?:head|option|error|difference|exception|change|parent|key|database)s?\b)",
     '"is not a …"'),
    (r"\basks? nothing\b", '"does not ask"'),
    (r"\bnobody's\b", '"not … of any"'),
)
# "there is no error" says that there is none; a process leaves something behind
ALLOWED = r"(?i)\bthere (?:is|are) no\b|\b(?:left|leaves?|leaving)\b[^.:;]{0,40}?\bbehind\b"


def prose(path, text):
    """The text without code, with as many lines: the comments of a header, a document without its blocks."""
    if path.endswith(".h"):
        kept, at = [], 0
        for comment in re.finditer(r"/\*.*?\*/", text, re.S):
            kept += ["\n" * text.count("\n", at, comment.start()), comment.group()]
            at = comment.end()
        return re.sub(r'"[^"\n]*"', '""', "".join(kept))
    text = re.sub(r"(?ms)^[ \t]*```.*?^[ \t]*```[ \t]*$", blank, text)
    return re.sub(r"`[^`\n]*`", "``", text)


def blank(match):
    """As many lines, and nothing in them."""
    return "\n" * match.group().count("\n")


def found(path, text):
    """file:line: the habit, and what to write. Words may be in two lines, of a comment too."""
    text = re.sub(r"(?m)^[ \t]*\*(?= )", "", prose(path, text))
    text = re.sub(ALLOWED.replace(" ", r"\s+"), blank, text)
    problems = []
    for habit, better in HABITS:
        for match in re.finditer(habit.replace(" ", r"\s+"), text):
            number = text.count("\n", 0, match.start()) + 1
            problems.append((number, f"{path}:{number}: {' '.join(match.group().split())}: write {better}"))
    return [problem for _, problem in sorted(problems)]


# a sentence with each habit, in their order, and what must not be found
BAD = ("the comma stands behind it", "a file beside it", "it tells where", "what the schema shall be", "amid a run",
       "mend the rest", "a circle of tables", "it cannot be had", "the run goes on", "what is called so",
       "it needs not be read", "who waits asks again", "it may follow what is no head", "it asks nothing",
       "nobody's parent")
GOOD = ("left behind by a killed process", "behind a pooler", "`it tells`", "there is no error", "to tell apart",
        "```\nwhat shall be\n```")


def main(root):
    problems, read = [], 0
    for pattern in FILES:
        for path in sorted(glob.glob(os.path.join(root, pattern))):
            with open(path, encoding="utf-8") as f:
                problems += found(os.path.relpath(path, root), f.read())
            read += 1
    if read < 30:
        problems.append(f"only {read} files were read")
    for (habit, _), sentence in zip(HABITS, BAD, strict=True):
        if not re.search(habit, sentence) or not found("x.md", sentence):
            problems.append(f"habits.py does not find: {sentence}")
        comment = sentence.replace(" ", "\n\t * ")
        if not found("x.h", f"int x; /** {comment} */") or found("x.h", f'f("{sentence}");'):
            problems.append(f"habits.py reads a header wrongly: {sentence}")
    for sentence in GOOD:
        problems += [f"habits.py finds too much: {p}" for p in found("x.md", sentence)]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
