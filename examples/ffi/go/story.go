// What a program does with libmig: story URL
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"example/notes/mig"
)

const createNotes = `-- create notes
--
-- revision: 0001

-- mig:upgrade
CREATE TABLE notes (id INTEGER PRIMARY KEY, body VARCHAR(80) NOT NULL, words INTEGER);
INSERT INTO notes (id, body) VALUES (1, 'buy milk'), (2, 'call the dentist');

-- mig:downgrade
DROP TABLE notes;
`
const addTag = `-- add tag
--
-- revision: 0003
-- revises: 0002

-- mig:upgrade
ALTER TABLE notes ADD COLUMN tag VARCHAR(20);

-- mig:downgrade
ALTER TABLE notes DROP COLUMN tag;
`
const broken = `-- index the due dates
--
-- revision: 0004
-- revises: 0003

-- mig:upgrade
CREATE TABLE dates (id INTEGER PRIMARY KEY);
INSERT INTO dates
SELECT boddy FROM notes;
`

func countWords(step mig.Step) error {
	rows, err := step.Query("SELECT id, body FROM notes ORDER BY id")
	if err != nil {
		return err
	}
	for _, row := range rows {
		id, words := row[0].(int64), len(strings.Fields(row[1].(string)))
		if _, err := step.Query("UPDATE notes SET words = $1 WHERE id = $2", words, id); err != nil {
			return err
		}
		fmt.Printf("      note %d has %d words\n", id, words)
	}
	return nil
}

func forgetWords(step mig.Step) error {
	return step.Exec("UPDATE notes SET words = NULL")
}

var errPrecious = errors.New("notes are precious")

func giveUp(step mig.Step) error {
	if err := step.Exec("DELETE FROM notes"); err != nil {
		return err
	}
	return errPrecious
}

func show(p mig.Progress) bool {
	switch p.Event {
	case mig.StepBegin:
		fmt.Printf("  %d/%d %s %s\n", p.Step, p.Steps, p.Revision, p.Message)
	case mig.Statement:
		fmt.Println("     ", strings.Join(strings.Fields(p.SQL)[:2], " "))
	}
	return true
}

// must ends the story at an error that does not belong to it.
func must(err error) {
	if err != nil {
		log.Fatal("story: ", err)
	}
}

func withNotes(url string, fn func(*mig.Migrations)) {
	notes, err := mig.Open(url)
	must(err)
	defer notes.Close()
	must(notes.AddScript("0001_create_notes.sql", createNotes))
	must(notes.AddRevision(mig.Revision{
		ID: "0002", Message: "count words", Revises: []string{"0001"},
		Upgrade: countWords, Downgrade: forgetWords,
	}))
	must(notes.AddScript("0003_add_tag.sql", addTag))
	must(notes.SetProgress(show))
	fn(notes)
}

func tellCurrent(notes *mig.Migrations) {
	ids, err := notes.Current()
	must(err)
	if len(ids) == 0 {
		ids = []string{"base"}
	}
	fmt.Println("current:", strings.Join(ids, " "))
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return strings.ReplaceAll(text, "\n", " ")
}

func tellError(e *mig.Error) {
	fmt.Printf("  %s\n  revision: %s\n  file: %s\n  line: %d\n  column: %d\n", e.Name, orDash(e.Revision),
		orDash(e.File), e.Line, e.Column)
	fmt.Printf("  statement: %s\n  sqlstate: %s\n  hint: %s\n", orDash(e.Statement), orDash(e.SQLState),
		orDash(e.Hint))
}

func main() {
	url := os.Args[1]

	withNotes(url, func(notes *mig.Migrations) {
		fmt.Println("upgrade")
		must(notes.Upgrade("head"))
		tellCurrent(notes)
	})

	fmt.Println("a script that fails")
	withNotes(url, func(notes *mig.Migrations) {
		var e *mig.Error
		must(notes.AddScript("0004_index_dates.sql", broken))
		if errors.As(notes.Upgrade("head"), &e) {
			tellError(e)
		}
		tellCurrent(notes)
	})

	fmt.Println("a function that fails")
	withNotes(url, func(notes *mig.Migrations) {
		var e *mig.Error
		must(notes.AddRevision(mig.Revision{ID: "0004", Revises: []string{"0003"}, Upgrade: giveUp}))
		err := notes.Upgrade("head")
		if errors.Is(err, errPrecious) && errors.As(err, &e) {
			fmt.Printf("  %s %s\n", e.Name, e)
		}
		tellCurrent(notes)
	})

	withNotes(url, func(notes *mig.Migrations) {
		fmt.Println("downgrade, cancelled")
		must(notes.SetProgress(func(p mig.Progress) bool {
			if p.Revision == "0001" {
				notes.Cancel()
			}
			return true
		}))
		if errors.Is(notes.Downgrade("base"), mig.ErrCancelled) {
			fmt.Println("  MIG_ECANCELLED")
		}
		tellCurrent(notes)

		fmt.Println("downgrade")
		must(notes.SetProgress(show))
		must(notes.Downgrade("base"))
		tellCurrent(notes)

		fmt.Println("log")
		entries, err := notes.Log()
		must(err)
		for _, e := range entries {
			fmt.Printf("  %s %s %s, %d statements\n", e.Direction, e.Revision, e.State, e.Statements)
		}
	})
}
