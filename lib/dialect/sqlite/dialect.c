/* dialect: the tables of slots that the core sees of SQLite. Each slot is a function of one of
 * the folders next to it. */
#include "dialect/sqlite/schema/objects.h"

static const char *const schemes[] = { "sqlite", "sqlite3", "file", NULL };

static const mig_dialect_conn conn_table = {
	.struct_size = sizeof conn_table,
	.open = mig__sqlite_open,
	.close = mig__sqlite_close,
	.native = mig__sqlite_native,
	.detach = mig__sqlite_detach,
	.cancel = mig__sqlite_cancel,
	.run_begin = mig__sqlite_run_begin,
	.run_end = mig__sqlite_run_end,
	.begin = mig__sqlite_begin,
	.commit = mig__sqlite_commit,
	.rollback = mig__sqlite_rollback,
	.lock = mig__sqlite_lock,
	.unlock = mig__sqlite_unlock,
	.in_transaction = mig__sqlite_in_transaction,
	.verify = mig__sqlite_verify,
	.untouched = mig__sqlite_untouched,
	.next_statement = mig__sqlite_next_statement,
	.run_script = mig__sqlite_run_script,
	.run_statement = mig__sqlite_run_statement,
	.prepare = mig__sqlite_cursor_prepare,
	.bind = mig__sqlite_cursor_bind,
	.step = mig__sqlite_cursor_step,
	.reset = mig__sqlite_cursor_reset,
	.column_count = mig__sqlite_cursor_column_count,
	.column = mig__sqlite_cursor_column,
	.finish = mig__sqlite_cursor_finish,
	.affected = mig__sqlite_cursor_affected,
	.call_begin = mig__sqlite_call_begin,
	.revision_begin = mig__sqlite_revision_begin,
	.revision_end = mig__sqlite_revision_end,
	.foreign_keys = mig__sqlite_foreign_keys,
	.check_units = mig__sqlite_check_units,
	.check_begin = mig__sqlite_check_begin,
	.check_sql = mig__sqlite_check_sql,
	.script_begin = "-- for the shell sqlite3\n.bail on\nPRAGMA foreign_keys = OFF;\n\n",
	.begin_sql = "BEGIN IMMEDIATE",
};

static const mig_store_words words = {
	.struct_size = sizeof words,
	.schema = "main",
	.key_type = "TEXT",
	.text_type = "TEXT",
	.integer_type = "INTEGER",
	.id_type = "INTEGER PRIMARY KEY",
	.version_end = " WITHOUT ROWID",
	.now = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
};

static const mig_dialect_store store_table = {
	.struct_size = sizeof store_table,
	.words = &words,
	.table_exists = mig__sqlite_table_exists,
	.read_header_digest = mig__sqlite_read_header_digest,
	.write_header_digest = mig__sqlite_write_header_digest,
	.expect = mig__sqlite_expect,
	.keys = mig__sqlite_keys,
};

static const char *const table_options[] = { "strict", "without_rowid", NULL };

static const mig_dialect_schema schema_table = {
	.struct_size = sizeof schema_table,
	.inspect = mig__sqlite_inspect,
	.change = mig__sqlite_change,
	.holds = mig__sqlite_holds,
	.render = mig__sqlite_ddl,
	.scratch = mig__sqlite_scratch,
	.native_column = mig__sqlite_native_column,
	.read_script = mig__sqlite_read_script,
	.check_schema = mig__sqlite_check_schema,
	.find_object = mig__sqlite_find_object,
	.table_options = table_options,
	.table_flags = table_options,
	.scratch_url = "sqlite::memory:",
	.unlike = mig__sqlite_unlike,
	.holds_script = mig__sqlite_holds_script,
	.is_empty = mig__sqlite_is_empty,
	.snapshot_key = mig__sqlite_snapshot_key,
	.dump_rows = mig__sqlite_dump_rows,
	.scratch_apart = mig__sqlite_scratch_apart,
	.dump_objects = mig__sqlite_dump_objects,
};

static const mig_dialect dialect = {
	.struct_size = sizeof dialect,
	.contract = MIG_DIALECT_CONTRACT,
	.name = "sqlite",
	.schemes = schemes,
	.capabilities = MIG_CAN_TRANSACTIONAL_DDL | MIG_NAMES_FOLD,
	.conn = &conn_table,
	.store = &store_table,
	.schema = &schema_table,
	.resolve_url = mig__sqlite_resolve_url,
};

const mig_dialect *mig_dialect_sqlite(void)
{
	return &dialect;
}
