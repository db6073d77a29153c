/* db: a connection as the core sees it: the dialect's table, its connection, and where its errors,
 * log and waiting go. Every mig__db_* calls one slot, so nobody above knows a dialect. */
#ifndef MIG__DIALECT_DB_H
#define MIG__DIALECT_DB_H

#include "base/error.h"

#include <mig/dialect.h>
#include <stdatomic.h>

/* An optional slot of one of the dialect's tables, or NULL. */
#define MIG__SLOT(db, table, slot)                                                              \
	((db)->dialect->table &&                                                                \
			 (db)->dialect->table->struct_size >=                                   \
				 offsetof(mig_dialect_##table, slot) +                          \
					 sizeof(db)->dialect->table->slot                       \
		 ? (db)->dialect->table->slot                                                   \
		 : NULL)
#define MIG__CONN_SLOT(db, slot) MIG__SLOT(db, conn, slot)
#define MIG__STORE_SLOT(db, slot) MIG__SLOT(db, store, slot)
#define MIG__SCHEMA_SLOT(db, slot) MIG__SLOT(db, schema, slot)

/* Whether the dialect's own struct has this optional member. */
#define MIG__HAS(dialect, member)                                                               \
	((dialect)->struct_size >= offsetof(mig_dialect, member) + sizeof(dialect)->member &&   \
	 (dialect)->member)

struct mig__db {
	const mig_dialect *dialect; /* NULL: no database */
	mig_conn *conn;
	struct mig__error *err;
	mig_dialect_host host;
	/* set by the owner */
	void (*log)(void *user, int32_t level, const char *message);
	int32_t (*poll)(void *user, int32_t waiting); /* nonzero: stop */
	void *user;
	int32_t foreign_keys;    /* mig_open_options.foreign_keys */
	int32_t header_digest;      /* the host lets libmig use the dialect's number */
	const char *default_schema; /* as the session has it; NULL: not asked in this call */
	char *schema, *version_table, *history_table; /* of libmig's tables; schema may be NULL */
	char *search_path;       /* as the host gave it; NULL: as the session has it */
	const char *scratch_url; /* where scratch databases are made; NULL: beside conn */
	mig_conn *scratch_maker; /* the connection to it, once it was needed */
	mig_conn *spare;	 /* to a scratch that is empty again; NULL: there is none */
	/* set by mig_cancel(): read by poll and before each statement */
	atomic_int cancelled;
	atomic_int open; /* conn may be interrupted */
	struct {
		char what[80]; /* "": not known */
		uint64_t done, total;
	} work; /* what the dialect has told last about the statement */
};

/* Nonzero: DDL is not undone by a rollback, and commits what is open. */
static inline int mig__db_ddl_commits(const struct mig__db *db)
{
	return db->dialect && !(db->dialect->capabilities & MIG_CAN_TRANSACTIONAL_DDL);
}

/* Whether two names mean one thing to the engine. */
int mig__dialect_same_name(const mig_dialect *dialect, const char *a, const char *b);

/* Finds the dialect of a URL or of a name: built in, already linked, or in the plugin folders.
 * MIG_ENO_DIALECT names what was looked for, and where. */
mig_status mig__dialect_find(const char *url, const char *name, struct mig__error *err,
			     const mig_dialect **out);

/* What may be shown of a URL, as mig__url_display() has it: as its dialect says. */
size_t mig__dialect_display(const char *url, const struct mig__alloc *alloc, char *out, size_t size);
/* The URL with its relative path taken from the folder, as its dialect says. */
size_t mig__dialect_resolve(const char *url, const char *folder, const struct mig__alloc *alloc,
			    char *out, size_t size);

/* MIG_ENO_DIALECT if a table that the host gave is not one that can be used. */
mig_status mig__dialect_check(const mig_dialect *dialect, struct mig__error *err);

/* Opens db->dialect with the options. db->err, log, poll and user are set already. */
mig_status mig__db_open(struct mig__db *db, const mig_conn_options *options);
void mig__db_close(struct mig__db *db);
/* Begins a transaction, whatever another process has done while it had the lock. */
mig_status mig__db_begin(struct mig__db *db);
/* An error if the schema that was inspected last must not be built again in a scratch. */
mig_status mig__db_may_copy(struct mig__db *db);
/* A connection to a new scratch database, or to the spare one. The database goes when it is closed,
 * before db is. */
mig_status mig__db_scratch(struct mig__db *db, mig_conn **out);
/* One of two scratches that differ in what a revision should not depend on: side 0 or 1. */
mig_status mig__db_scratch_apart(struct mig__db *db, int32_t side, mig_conn **out);
/* Whether the dialect makes and takes snapshots of a database. */
int mig__db_has_snapshots(const struct mig__db *db);
void mig__db_close_spare(struct mig__db *db);
/* Any thread. */
void mig__db_cancel(struct mig__db *db);
/* Asks in which schema unqualified names are; what is known is the second's answer. */
mig_status mig__db_find_default_schema(struct mig__db *db);
const char *mig__db_default_schema(const struct mig__db *db);
/* The schema that every database of the dialect has: names in it are shown without it. */
const char *mig__db_usual_schema(const struct mig__db *db);
/* How the engine quotes names and texts, for mig__add_quoted(). */
const char *mig__db_name_quotes(const struct mig__db *db);
const char *mig__db_text_quotes(const struct mig__db *db);
/* A call of the host begins. */
mig_status mig__db_call_begin(struct mig__db *db);
/* MIG_ECANCELLED, with its message, once mig_cancel() was called or poll said stop. */
mig_status mig__db_check(struct mig__db *db);

/* MIG_ETRANSACTION outside a transaction. */
mig_status mig__db_inside(struct mig__db *db);
/* Commits; the same if the engine, or a statement, has ended the transaction already. */
mig_status mig__db_commit(struct mig__db *db, int32_t check);
/* Rolls back what is open, and restores the connection; rc: what has happened so far, whose error stays. */
mig_status mig__db_run_end(struct mig__db *db, mig_status rc);
/* Whether the end of a transaction that was put off has gone out: enum mig_later. */
int32_t mig__db_later(struct mig__db *db);
/* MIG_ETRANSACTION unless the transaction that was begun last is open. */
mig_status mig__db_verify(struct mig__db *db);

mig_value mig__value_text(const char *text);
mig_value mig__value_int(int64_t n);

#endif
