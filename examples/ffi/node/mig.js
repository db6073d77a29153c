// libmig for Node.js, by koffi (npm install koffi).
//
//     const migrations = new Migrations('sqlite:notes.db');
//     migrations.addScript('0001.sql', text);
//     migrations.upgrade();
//     migrations.close();
//
// An error of the library is thrown as MigError; what a callback throws stops the run, which is rolled
// back, and is the cause of the error of the call that ran it.
'use strict';

const koffi = require('koffi');

const lib = koffi.load(process.env.MIG_LIBRARY || 'libmig.so.0');

for (const name of ['ctx', 'step', 'stmt', 'revision', 'revision_list', 'history_list'])
	koffi.opaque(`mig_${name}`);

koffi.struct('mig_progress', {
	struct_size: 'size_t', event: 'int32_t', direction: 'int32_t', revision: 'const char *',
	message: 'const char *', step: 'uint64_t', steps: 'uint64_t', statement: 'uint64_t', sql: 'void *',
	sql_size: 'size_t', elapsed_us: 'int64_t',
});
koffi.struct('mig_history_entry', {
	struct_size: 'size_t', revision: 'const char *', direction: 'const char *', state: 'const char *', digest: 'const char *',
	started_at: 'const char *', actor: 'const char *', library: 'const char *', statements: 'int64_t',
	duration_us: 'int64_t',
});
const ProgressFn = koffi.pointer(koffi.proto('int32_t mig_progress_fn(void *user, const mig_progress *progress)'));
const StepFn = koffi.pointer(koffi.proto('int32_t mig_step_fn(void *user, mig_step *step)'));
const RevisionDef = koffi.struct('mig_revision_def', {
	struct_size: 'size_t', id: 'const char *', message: 'const char *', revises: 'const char **',
	branch_labels: 'const char **', depends_on: 'const char **', upgrade: StepFn, downgrade: StepFn,
	user: 'void *', version: 'const char *', no_transaction: 'int32_t', derive: 'int32_t',
});

const c = {};
for (const declaration of [
	'const char *mig_version(void)',
	'const char *mig_status_name(int32_t status)',
	'int32_t mig_open(_Out_ mig_ctx **out, const char *url)',
	'int32_t mig_close(mig_ctx *ctx)',
	'void mig_cancel(mig_ctx *ctx)',
	'const char *mig_error_message(mig_ctx *ctx)',
	'const char *mig_error_revision(mig_ctx *ctx)',
	'const char *mig_error_file(mig_ctx *ctx)',
	'int32_t mig_error_line(mig_ctx *ctx)',
	'int32_t mig_error_column(mig_ctx *ctx)',
	'const char *mig_error_statement(mig_ctx *ctx)',
	'const char *mig_error_sqlstate(mig_ctx *ctx)',
	'const char *mig_error_hint(mig_ctx *ctx)',
	'int32_t mig_set_progress(mig_ctx *ctx, mig_progress_fn *fn, void *user)',
	'int32_t mig_add_script(mig_ctx *ctx, const char *name, const void *text, size_t size)',
	'int32_t mig_add_revision(mig_ctx *ctx, const mig_revision_def *def)',
	'int32_t mig_upgrade(mig_ctx *ctx, const char *target)',
	'int32_t mig_downgrade(mig_ctx *ctx, const char *target)',
	'int32_t mig_current(mig_ctx *ctx, _Out_ mig_revision_list **out)',
	'size_t mig_revision_list_count(mig_revision_list *list)',
	'mig_revision *mig_revision_list_at(mig_revision_list *list, size_t i)',
	'void mig_revision_list_free(mig_revision_list *list)',
	'const char *mig_revision_id(mig_revision *revision)',
	'int32_t mig_history_read(mig_ctx *ctx, _Out_ mig_history_list **out)',
	'size_t mig_history_list_count(mig_history_list *list)',
	'mig_history_entry *mig_history_list_at(mig_history_list *list, size_t i)',
	'void mig_history_list_free(mig_history_list *list)',
	'int32_t mig_step_exec(mig_step *step, const char *sql)',
	'int32_t mig_step_prepare(mig_step *step, const char *sql, _Out_ mig_stmt **out)',
	'int32_t mig_step_fail(mig_step *step, const char *message)',
	'int32_t mig_stmt_bind_null(mig_stmt *stmt, int32_t index)',
	'int32_t mig_stmt_bind_int64(mig_stmt *stmt, int32_t index, int64_t value)',
	'int32_t mig_stmt_bind_double(mig_stmt *stmt, int32_t index, double value)',
	'int32_t mig_stmt_bind_text(mig_stmt *stmt, int32_t index, const char *text)',
	'int32_t mig_stmt_bind_blob(mig_stmt *stmt, int32_t index, const void *data, size_t size)',
	'int32_t mig_stmt_step(mig_stmt *stmt, _Out_ int32_t *has_row)',
	'int32_t mig_stmt_column_count(mig_stmt *stmt)',
	'int32_t mig_stmt_type(mig_stmt *stmt, int32_t column)',
	'int64_t mig_stmt_int64(mig_stmt *stmt, int32_t column)',
	'double mig_stmt_double(mig_stmt *stmt, int32_t column)',
	'const char *mig_stmt_text(mig_stmt *stmt, int32_t column)',
	'void *mig_stmt_blob(mig_stmt *stmt, int32_t column, _Out_ size_t *size)',
	'void mig_stmt_free(mig_stmt *stmt)',
]) {
	const name = declaration.match(/mig_\w+(?=\()/)[0];
	c[name.slice('mig_'.length)] = lib.func(declaration);
}

const ECANCELLED = -74;
const Event = { RUN_BEGIN: 1, STEP_BEGIN: 2, STATEMENT: 3, STEP_END: 4, RUN_END: 5, WAITING: 6, WORKING: 7 };
const ERROR_FIELDS = ['revision', 'file', 'line', 'column', 'statement', 'sqlstate', 'hint'];

/** An error of the library, with what it tells about the place. */
class MigError extends Error {
	constructor(status, ctx, cause) {
		super(c.error_message(ctx), { cause });
		this.status = status;
		this.name = c.status_name(status);
		for (const field of ERROR_FIELDS)
			this[field] = c[`error_${field}`](ctx);
	}

	get cancelled() {
		return this.status === ECANCELLED;
	}
}

/** A call on a step failed; the run that it belongs to tells why. */
class StepFailed extends Error {
	constructor(status) {
		super(c.status_name(status));
		this.status = status;
	}
}

function checkStep(status) {
	if (status)
		throw new StepFailed(status);
}

function bind(stmt, i, value) {
	if (value === null || value === undefined)
		return c.stmt_bind_null(stmt, i);
	if (typeof value === 'string')
		return c.stmt_bind_text(stmt, i, value);
	if (typeof value === 'bigint' || Number.isInteger(value))
		return c.stmt_bind_int64(stmt, i, value);
	if (typeof value === 'number')
		return c.stmt_bind_double(stmt, i, value);
	return c.stmt_bind_blob(stmt, i, value, value.length);
}

function blob(stmt, i) {
	const size = [0];
	const data = c.stmt_blob(stmt, i, size);
	const length = Number(size[0]);
	return Buffer.from(length ? koffi.decode(data, koffi.array('uint8_t', length)) : []);
}

const COLUMN = [() => null, c.stmt_int64, c.stmt_double, c.stmt_text, blob];

/** A revision while it runs: good inside its callback alone. */
class Step {
	#step;

	constructor(step) {
		this.#step = step;
	}

	/** Runs statements without parameters or rows. */
	execute(sql) {
		checkStep(c.step_exec(this.#step, sql));
	}

	/** The rows of one statement, as arrays. Parameters are written $1, $2, ... */
	query(sql, ...parameters) {
		const out = [null], more = [0], rows = [];
		checkStep(c.step_prepare(this.#step, sql, out));
		const stmt = out[0];
		try {
			parameters.forEach((value, i) => checkStep(bind(stmt, i + 1, value)));
			for (checkStep(c.stmt_step(stmt, more)); more[0]; checkStep(c.stmt_step(stmt, more)))
				rows.push(Array.from({ length: c.stmt_column_count(stmt) },
					(_, i) => COLUMN[c.stmt_type(stmt, i)](stmt, i)));
			return rows;
		} finally {
			c.stmt_free(stmt);
		}
	}
}

/** A database and the revisions meant for it. */
class Migrations {
	#ctx;
	#kept = []; // callbacks must live as long as the context may call them
	#thrown;

	constructor(url) {
		const out = [null];
		const status = c.open(out, url);
		this.#ctx = out[0];
		if (status) {
			const error = new MigError(status, this.#ctx);
			this.close();
			throw error;
		}
	}

	/** From inside a callback this is an error, and the database stays open. */
	close() {
		this.#check(c.close(this.#ctx));
		this.#ctx = null;
		this.#kept.splice(0).forEach((fn) => koffi.unregister(fn));
	}

	#check(status) {
		const thrown = this.#thrown;
		this.#thrown = undefined;
		if (status)
			throw new MigError(status, this.#ctx, thrown);
	}

	#callback(fn, type) {
		const registered = koffi.register(fn, type);
		this.#kept.push(registered);
		return registered;
	}

	addScript(name, script) {
		const text = Buffer.from(script);
		this.#check(c.add_script(this.#ctx, name, text, text.length));
	}

	/** A revision written in JavaScript: upgrade and downgrade take a Step. */
	addRevision({ id, message = null, revises = [], upgrade, downgrade = null }) {
		this.#check(c.add_revision(this.#ctx, {
			struct_size: koffi.sizeof(RevisionDef), id, message, revises: [...revises, null],
			branch_labels: null, depends_on: null, upgrade: this.#stepFn(upgrade),
			downgrade: this.#stepFn(downgrade), user: null, version: null, no_transaction: 0, derive: 0,
		}));
	}

	#stepFn(fn) {
		return fn && this.#callback((_user, step) => {
			try {
				fn(new Step(step));
				return 0;
			} catch (thrown) { // none may pass through C
				if (thrown instanceof StepFailed)
					return thrown.status;
				this.#thrown = thrown;
				return c.step_fail(step, String(thrown.message ?? thrown));
			}
		}, StepFn);
	}

	/** fn takes the progress; a true result stops the run. null: none. */
	set progress(fn) {
		this.#check(c.set_progress(this.#ctx, fn && this.#callback((_user, pointer) => {
			try {
				const p = koffi.decode(pointer, 'mig_progress');
				p.sql = p.sql && koffi.decode(p.sql, 'char', Number(p.sql_size));
				return fn(p) ? 1 : 0;
			} catch (thrown) {
				this.#thrown = thrown;
				return 1;
			}
		}, ProgressFn), null));
	}

	upgrade(target = 'head') {
		this.#check(c.upgrade(this.#ctx, target));
	}

	downgrade(target) {
		this.#check(c.downgrade(this.#ctx, target));
	}

	/** Stops the run in progress. */
	cancel() {
		c.cancel(this.#ctx);
	}

	/** The ids of the revisions that the database is at. */
	current() {
		const out = [null];
		this.#check(c.current(this.#ctx, out));
		const ids = Array.from({ length: Number(c.revision_list_count(out[0])) },
			(_, i) => c.revision_id(c.revision_list_at(out[0], i)));
		c.revision_list_free(out[0]);
		return ids;
	}

	/** The rows of the history table, oldest first. */
	log() {
		const out = [null];
		this.#check(c.history_read(this.#ctx, out));
		const entries = Array.from({ length: Number(c.history_list_count(out[0])) },
			(_, i) => koffi.decode(c.history_list_at(out[0], i), 'mig_history_entry'));
		c.history_list_free(out[0]);
		return entries;
	}
}

module.exports = { Migrations, MigError, Event, ERROR_FIELDS, version: c.version };
