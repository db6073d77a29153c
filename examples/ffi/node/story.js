// What a program does with libmig: node story.js URL
'use strict';

const { Migrations, MigError, Event, ERROR_FIELDS } = require('./mig');

const CREATE_NOTES = `\
-- create notes
--
-- revision: 0001

-- mig:upgrade
CREATE TABLE notes (id INTEGER PRIMARY KEY, body VARCHAR(80) NOT NULL, words INTEGER);
INSERT INTO notes (id, body) VALUES (1, 'buy milk'), (2, 'call the dentist');

-- mig:downgrade
DROP TABLE notes;
`;
const ADD_TAG = `\
-- add tag
--
-- revision: 0003
-- revises: 0002

-- mig:upgrade
ALTER TABLE notes ADD COLUMN tag VARCHAR(20);

-- mig:downgrade
ALTER TABLE notes DROP COLUMN tag;
`;
const BROKEN = `\
-- index the due dates
--
-- revision: 0004
-- revises: 0003

-- mig:upgrade
CREATE TABLE dates (id INTEGER PRIMARY KEY);
INSERT INTO dates
SELECT boddy FROM notes;
`;

function countWords(step) {
	for (const [id, body] of step.query('SELECT id, body FROM notes ORDER BY id')) {
		const words = body.split(/\s+/).length;
		step.query('UPDATE notes SET words = $1 WHERE id = $2', words, id);
		console.log(`      note ${id} has ${words} words`);
	}
}

function forgetWords(step) {
	step.execute('UPDATE notes SET words = NULL');
}

function giveUp(step) {
	step.execute('DELETE FROM notes');
	throw new Error('notes are precious');
}

function show(progress) {
	if (progress.event === Event.STEP_BEGIN)
		console.log(`  ${progress.step}/${progress.steps} ${progress.revision} ${progress.message}`);
	else if (progress.event === Event.STATEMENT)
		console.log('      ' + progress.sql.split(/\s+/).slice(0, 2).join(' '));
}

function withNotes(url, fn) {
	const notes = new Migrations(url);
	try {
		notes.addScript('0001_create_notes.sql', CREATE_NOTES);
		notes.addRevision({ id: '0002', message: 'count words', revises: ['0001'], upgrade: countWords,
			downgrade: forgetWords });
		notes.addScript('0003_add_tag.sql', ADD_TAG);
		notes.progress = show;
		fn(notes);
	} finally {
		notes.close();
	}
}

function tellCurrent(notes) {
	console.log('current:', notes.current().join(' ') || 'base');
}

function tellError(error) {
	console.log(`  ${error.name}`);
	for (const field of ERROR_FIELDS)
		console.log(`  ${field}: ${error[field] || '-'}`.replaceAll('\n', ' '));
}

/** The MigError that fn throws. */
function errorOf(fn) {
	try {
		fn();
	} catch (error) {
		if (error instanceof MigError)
			return error;
		throw error;
	}
	throw new Error('no error');
}

const url = process.argv[2];

withNotes(url, (notes) => {
	console.log('upgrade');
	notes.upgrade('head');
	tellCurrent(notes);
});

console.log('a script that fails');
withNotes(url, (notes) => {
	notes.addScript('0004_index_dates.sql', BROKEN);
	tellError(errorOf(() => notes.upgrade('head')));
	tellCurrent(notes);
});

console.log('a function that fails');
withNotes(url, (notes) => {
	notes.addRevision({ id: '0004', revises: ['0003'], upgrade: giveUp });
	const error = errorOf(() => notes.upgrade('head'));
	console.log(`  ${error.name} ${error.message}`);
	tellCurrent(notes);
});

withNotes(url, (notes) => {
	console.log('downgrade, cancelled');
	notes.progress = (p) => p.revision === '0001' && notes.cancel();
	console.log(`  ${errorOf(() => notes.downgrade('base')).name}`);
	tellCurrent(notes);

	console.log('downgrade');
	notes.progress = show;
	notes.downgrade('base');
	tellCurrent(notes);

	console.log('log');
	for (const entry of notes.log())
		console.log(`  ${entry.direction} ${entry.revision} ${entry.state}, ${entry.statements} statements`);
});
