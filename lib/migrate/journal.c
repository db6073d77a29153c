/* journal: how far a section outside a transaction is: a count of its statements and a digest
 * over them. Not when marks are written: lone.c. The digest says whether what is done is still
 * what the script says. */
#include "migrate/journal.h"

#include "base/text.h"

#include <string.h>

void mig__journal_init(struct mig__journal *journal)
{
	journal->done = 0;
	mig__digest_init(&journal->prefix);
}

void mig__journal_add(struct mig__journal *journal, const struct mig__body *body,
		      const mig_statement *statement)
{
	uint8_t digest[MIG__DIGEST_SIZE];

	mig__script_text_digest(body->text + statement->offset, statement->size, digest);
	mig__digest_add(&journal->prefix, digest, sizeof digest);
	journal->done++;
}

void mig__journal_hex(const struct mig__journal *journal, char hex[MIG__DIGEST_HEX])
{
	struct mig__digest copy = journal->prefix;
	uint8_t digest[MIG__DIGEST_SIZE];

	mig__digest_final(&copy, digest);
	mig__digest_hex(digest, hex);
}

mig_status mig__journal_walk(struct mig__db *db, const struct mig__body *body,
			     const struct mig__store_running *running, struct mig__journal *journal,
			     mig_status (*fn)(void *user, const mig_statement *statement),
			     void *user, size_t *offset)
{
	mig_statement st = { .struct_size = sizeof st };
	char hex[MIG__DIGEST_HEX];
	size_t first = SIZE_MAX;
	mig_status rc = MIG_OK;

	while (journal->done < running->statements) {
		st.size = 0;
		rc = db->dialect->conn->next_statement(db->conn, body->text, body->size, *offset, &st);
		if (rc || !st.size)
			break;
		first = first == SIZE_MAX ? st.offset : first;
		rc = fn ? fn(user, &st) : MIG_OK;
		if (rc)
			return rc;
		mig__journal_add(journal, body, &st);
		*offset = st.next;
	}
	if (rc)
		return rc;
	mig__journal_hex(journal, hex);
	if (!running->statements || !strcmp(hex, running->done_digest))
		return MIG_OK;
	*offset = first == SIZE_MAX ? 0 : first;
	mig__fail(db->err, MIG_EEDITED,
		  "edited in its first %lld statements, which have already run",
		  (long long)running->statements);
	mig__error_set_hint(db->err,
			    "put these statements back as they were; what follows them may "
			    "be changed");
	return MIG_EEDITED;
}

static mig_status count_rest(struct mig__db *db, const struct mig__body *body, size_t offset,
			     int64_t *total)
{
	mig_statement st = { .struct_size = sizeof st, .next = offset };
	mig_status rc;

	for (;; ++*total) {
		st.size = 0;
		rc = db->dialect->conn->next_statement(db->conn, body->text, body->size, st.next, &st);
		if (rc || !st.size)
			return rc;
	}
}

mig_status mig__journal_rest(const struct mig__alloc *alloc, const struct mig__world *world,
			     struct mig__db *db, const struct mig__store_running *running,
			     size_t *offset, int64_t *total)
{
	uint32_t node = mig__graph_find(world->graph, running->revision);
	const struct mig__script *script = &world->set->at[node];
	struct mig__journal journal;
	struct mig__body body;
	mig_status rc = mig__script_body(alloc, script, running->direction, world->dialect,
					 world->database, db->err, &body);

	if (rc)
		return rc;
	mig__journal_init(&journal);
	*offset = 0;
	rc = mig__journal_walk(db, &body, running, &journal, NULL, NULL, offset);
	if (rc)
		mig__body_locate(&body, script, *offset, db->err);
	*total = journal.done;
	if (!rc && count_rest(db, &body, *offset, total)) {
		mig__error_clear(db->err); /* the run will say it */
		*total = -1;
	}
	mig__body_finish(alloc, &body);
	return rc;
}

void mig__body_locate(const struct mig__body *body, const struct mig__script *script, size_t offset,
		      struct mig__error *err)
{
	const char *file = script->file ? script->file : script->id;
	struct mig__place at;

	if (err->status == MIG_ENOMEM || err->status == MIG_ECANCELLED) {
		mig__error_set_revision(err, script->id);
		return;
	}
	at = mig__text_place(body->file_text, body->file_size, body->at + offset);
	mig__error_prefix(err, "%s:%d:%d: revision %s: ", file, (int)at.line, (int)at.column,
			  script->id);
	mig__error_set_place(err, file, at.line, at.column);
	mig__error_set_revision(err, script->id);
}
