//! What a program does with libmig: story URL
mod mig;

use mig::{Error, Migrations, Progress, Revision, Step, StepError, Value};

const CREATE_NOTES: &str = "\
-- create notes
--
-- revision: 0001

-- mig:upgrade
CREATE TABLE notes (id INTEGER PRIMARY KEY, body VARCHAR(80) NOT NULL, words INTEGER);
INSERT INTO notes (id, body) VALUES (1, 'buy milk'), (2, 'call the dentist');

-- mig:downgrade
DROP TABLE notes;
";
const ADD_TAG: &str = "\
-- add tag
--
-- revision: 0003
-- revises: 0002

-- mig:upgrade
ALTER TABLE notes ADD COLUMN tag VARCHAR(20);

-- mig:downgrade
ALTER TABLE notes DROP COLUMN tag;
";
const BROKEN: &str = "\
-- index the due dates
--
-- revision: 0004
-- revises: 0003

-- mig:upgrade
CREATE TABLE dates (id INTEGER PRIMARY KEY);
INSERT INTO dates
SELECT boddy FROM notes;
";

fn count_words(step: &mut Step) -> Result<(), StepError> {
    for row in step.query("SELECT id, body FROM notes ORDER BY id", &[])? {
        if let [Value::Integer(id), Value::Text(body)] = &row[..] {
            let words = body.split_whitespace().count() as i64;
            step.query(
                "UPDATE notes SET words = $1 WHERE id = $2",
                &[Value::Integer(words), Value::Integer(*id)],
            )?;
            println!("      note {id} has {words} words");
        }
    }
    Ok(())
}

fn forget_words(step: &mut Step) -> Result<(), StepError> {
    step.execute("UPDATE notes SET words = NULL")
}

fn give_up(step: &mut Step) -> Result<(), StepError> {
    step.execute("DELETE FROM notes")?;
    Err("notes are precious".into())
}

fn show(p: &Progress) -> bool {
    match p.event {
        mig::STEP_BEGIN => println!("  {}/{} {} {}", p.step, p.steps, p.revision, p.message),
        mig::STATEMENT => {
            let words: Vec<&str> = p.sql.split_whitespace().take(2).collect();
            println!("      {}", words.join(" "));
        }
        _ => (),
    }
    true
}

fn open_notes(url: &str) -> Result<Migrations, Error> {
    let mut notes = Migrations::open(url)?;
    notes.add_script("0001_create_notes.sql", CREATE_NOTES)?;
    notes.add_revision(&Revision {
        id: "0002",
        message: "count words",
        revises: &["0001"],
        upgrade: count_words,
        downgrade: Some(forget_words),
    })?;
    notes.add_script("0003_add_tag.sql", ADD_TAG)?;
    notes.set_progress(show)?;
    Ok(notes)
}

fn tell_current(notes: &mut Migrations) -> Result<(), Error> {
    let ids = notes.current()?;
    println!("current: {}", if ids.is_empty() { "base".to_string() } else { ids.join(" ") });
    Ok(())
}

fn tell_error(e: &Error) {
    let or_dash = |text: &str| if text.is_empty() { "-".to_string() } else { text.replace('\n', " ") };
    println!("  {}", e.name);
    println!("  revision: {}", or_dash(&e.revision));
    println!("  file: {}", or_dash(&e.file));
    println!("  line: {}", e.line);
    println!("  column: {}", e.column);
    println!("  statement: {}", or_dash(&e.statement));
    println!("  sqlstate: {}", or_dash(&e.sqlstate));
    println!("  hint: {}", or_dash(&e.hint));
}

fn main() -> Result<(), Error> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "sqlite:notes.db".to_string());

    let mut notes = open_notes(&url)?;
    println!("upgrade");
    notes.upgrade("head")?;
    tell_current(&mut notes)?;

    let mut notes = open_notes(&url)?;
    println!("a script that fails");
    notes.add_script("0004_index_dates.sql", BROKEN)?;
    if let Err(e) = notes.upgrade("head") {
        tell_error(&e);
    }
    tell_current(&mut notes)?;

    let mut notes = open_notes(&url)?;
    println!("a function that fails");
    notes.add_revision(&Revision {
        id: "0004",
        message: "",
        revises: &["0003"],
        upgrade: give_up,
        downgrade: None,
    })?;
    if let Err(e) = notes.upgrade("head") {
        println!("  {} {}", e.name, e);
    }
    tell_current(&mut notes)?;

    let mut notes = open_notes(&url)?;
    println!("downgrade, cancelled");
    let canceller = notes.canceller();
    notes.set_progress(move |p| {
        if p.revision == "0001" {
            canceller.cancel();
        }
        true
    })?;
    match notes.downgrade("base") {
        Err(e) if e.is_cancelled() => println!("  {}", e.name),
        other => other?,
    }
    tell_current(&mut notes)?;

    println!("downgrade");
    notes.set_progress(show)?;
    notes.downgrade("base")?;
    tell_current(&mut notes)?;

    println!("log");
    for entry in notes.log()? {
        println!("  {} {} {}, {} statements", entry.direction, entry.revision, entry.state, entry.statements);
    }
    Ok(())
}
