#!/usr/bin/env python3
"""What a program does with libmig, by ctypes or by cffi:

    PYTHONPATH=../python-ctypes python3 story.py URL
    PYTHONPATH=../python-cffi python3 story.py URL"""
import sys
import threading

import mig

CREATE_NOTES = """\
-- create notes
--
-- revision: 0001

-- mig:upgrade
CREATE TABLE notes (id INTEGER PRIMARY KEY, body VARCHAR(80) NOT NULL, words INTEGER);
INSERT INTO notes (id, body) VALUES (1, 'buy milk'), (2, 'grüße an Zoë');

-- mig:downgrade
DROP TABLE notes;
"""
ADD_TAG = """\
-- add tag
--
-- revision: 0003
-- revises: 0002

-- mig:upgrade
ALTER TABLE notes ADD COLUMN tag VARCHAR(20);

-- mig:downgrade
ALTER TABLE notes DROP COLUMN tag;
"""
BROKEN = """\
-- index the due dates
--
-- revision: 0004
-- revises: 0003

-- mig:upgrade
CREATE TABLE dates (id INTEGER PRIMARY KEY);
INSERT INTO dates
SELECT boddy FROM notes;
"""


def count_words(step):
    for id, body in step.query("SELECT id, body FROM notes ORDER BY id"):
        words = len(body.split())
        step.query("UPDATE notes SET words = $1 WHERE id = $2", words, id)
        print(f"      note {id}, '{body}', has {words} words")


def forget_words(step):
    step.execute("UPDATE notes SET words = NULL")


def give_up(step):
    step.execute("DELETE FROM notes")
    raise ValueError("notes are precious")


def show(progress):
    if progress.event == mig.STEP_BEGIN:
        print(f"  {progress.step}/{progress.steps} {progress.revision} {progress.message}")
    elif progress.event == mig.STATEMENT:
        print("      " + " ".join(progress.sql.split()[:2]))


def from_a_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def open_notes(url):
    notes = mig.Migrations(url)
    notes.add_script("0001_create_notes.sql", CREATE_NOTES)
    notes.add_revision("0002", count_words, forget_words, message="count words", revises=["0001"])
    notes.add_script("0003_add_tag.sql", ADD_TAG)
    notes.set_progress(show)
    return notes


def tell_current(notes):
    print("current:", " ".join(notes.current()) or "base")


def tell_error(error):
    print(f"  {error.name}")
    for field in "revision", "file", "line", "column", "statement", "sqlstate", "hint":
        print(f"  {field}: {getattr(error, field) or '-'}".replace("\n", " "))


def ask(notes, url):
    """What a program asks before it serves. Nothing is printed: the other languages do not have it."""
    notes.verify()
    assert notes.query("SELECT body FROM notes WHERE id = $1", 1) == [("buy milk",)]
    try:
        notes.query("SELECT boddy FROM notes")
        assert False, "a query that is wrong"
    except mig.MigError as error:
        assert error.meaning and "boddy" in error.report and str(error) in error.report
    shown = mig.url_display(url + ("&" if "?" in url else "?") + "password=secret")
    assert shown.startswith(url[:7]) and "secret" not in shown


def main(url):
    with open_notes(url) as notes:
        print("upgrade")
        try:
            notes.verify()
            assert False, "nothing has been applied"
        except mig.MigError as error:
            assert error.name == "MIG_EBEHIND" and "0001" in error.report
        notes.upgrade("head")
        ask(notes, url)
        tell_current(notes)

    print("a script that fails")
    with open_notes(url) as notes:
        notes.add_script("0004_index_dates.sql", BROKEN)
        try:
            notes.upgrade("head")
        except mig.MigError as error:
            assert "boddy FROM notes" in error.report  # the line at fault
            tell_error(error)
        tell_current(notes)

    print("a function that fails")
    with open_notes(url) as notes:
        notes.add_revision("0004", give_up, revises=["0003"])
        try:
            notes.upgrade("head")
        except mig.MigError as error:
            assert isinstance(error.__cause__, ValueError)
            print(f"  {error.name} {error}")
        tell_current(notes)

    with open_notes(url) as notes:
        print("downgrade, cancelled")
        notes.set_progress(lambda p: p.revision == "0001" and from_a_thread(notes.cancel))
        try:
            notes.downgrade("base")
        except mig.Cancelled as error:
            print(f"  {error.name}")
        tell_current(notes)

        print("downgrade")
        notes.set_progress(show)
        notes.downgrade("base")
        tell_current(notes)

        print("log")
        for entry in notes.log():
            print(f"  {entry.direction} {entry.revision} {entry.state}, {entry.statements} statements")


if __name__ == "__main__":
    main(sys.argv[1])
