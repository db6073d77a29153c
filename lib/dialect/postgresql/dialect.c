/* dialect: the tables of slots that the core sees of PostgreSQL. Each slot is a function of one
 * of the folders next to it. */
#include "dialect/postgresql/conn/cursor.h"
#include "dialect/postgresql/conn/later.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/probe.h"
#include "dialect/postgresql/conn/script.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/transaction.h"
#include "dialect/postgresql/conn/url.h"
#include "dialect/postgresql/read/read.h"
#include "dialect/postgresql/schema/objects.h"
#include "dialect/postgresql/schema/scratch.h"
#include "dialect/postgresql/schema/snapshot.h"
#include "dialect/postgresql/sql/check.h"
#include "dialect/postgresql/sql/shell.h"
#include "dialect/postgresql/sql/units.h"
#include "dialect/postgresql/store/place.h"
#include "dialect/postgresql/store/store.h"
#include "dialect/postgresql/store/trust.h"

static const char *const schemes[] = { "postgresql", "postgres", NULL };

static const mig_dialect_conn conn_table = {
	.struct_size = sizeof conn_table,
	.open = mig__pg_open,
	.close = mig__pg_close,
	.native = mig__pg_native,
	.detach = mig__pg_detach,
	.cancel = mig__pg_cancel,
	.call_begin = mig__pg_call_begin,
	.current_schema = mig__pg_current_schema,
	.run_begin = mig__pg_run_begin,
	.run_end = mig__pg_run_end,
	.begin = mig__pg_begin,
	.commit = mig__pg_commit,
	.rollback = mig__pg_rollback,
	.lock = mig__pg_lock,
	.unlock = mig__pg_unlock,
	.in_transaction = mig__pg_in_transaction,
	.commit_begin = mig__pg_commit_begin,
	.verify = mig__pg_verify,
	.set_timeouts = mig__pg_set_timeouts,
	.next_statement = mig__pg_next_statement,
	.run_script = mig__pg_run_script,
	.run_statement = mig__pg_run_statement,
	.prepare = mig__pg_cursor_prepare,
	.bind = mig__pg_cursor_bind,
	.step = mig__pg_cursor_step,
	.reset = mig__pg_cursor_reset,
	.column_count = mig__pg_cursor_column_count,
	.column = mig__pg_cursor_column,
	.finish = mig__pg_cursor_finish,
	.affected = mig__pg_cursor_affected,
	.revision_begin = mig__pg_revision_begin,
	.revision_end = mig__pg_revision_end,
	.check_units = mig__pg_check_units,
	.observe = mig__pg_observe,
	.recover = mig__pg_recover,
	.check_begin = mig__pg_check_begin,
	.check_end = mig__pg_check_end,
	.check_sql = mig__pg_check_sql,
	.script_begin = "-- for psql\n\\set ON_ERROR_STOP on\nSET client_encoding TO 'UTF8';\n"
			"SET standard_conforming_strings TO on;\n\n",
	.shell_text = mig__pg_shell_text,
	.commit_later = mig__pg_commit_later,
	.later = mig__pg_later,
};

static const mig_dialect_store store_table = {
	.struct_size = sizeof store_table,
	.create = mig__pg_create,
	.read_rows = mig__pg_read_rows,
	.write_rows = mig__pg_write_rows,
	.clear_rows = mig__pg_clear_rows,
	.read_running = mig__pg_read_running,
	.mark_running = mig__pg_mark_running,
	.read_history = mig__pg_read_history,
	.expect = mig__pg_expect,
	.enter = mig__pg_enter,
	.leave = mig__pg_leave,
};

static const char *const table_options[] = { "options", "partition_by", "persistence", NULL };

static const mig_dialect_schema schema_table = {
	.struct_size = sizeof schema_table,
	.inspect = mig__pg_inspect,
	.change = mig__pg_change,
	.holds = mig__pg_holds,
	.render = mig__pg_ddl,
	.scratch = mig__pg_scratch,
	.native_column = mig__pg_native_column,
	.default_schema = "public",
	.read_script = mig__pg_read_script,
	.may_copy = mig__pg_may_copy,
	.table_options = table_options,
	.renames = mig__pg_renames,
	.is_empty = mig__pg_is_empty,
	.snapshot_key = mig__pg_snapshot_key,
	.dump_rows = mig__pg_dump_rows,
	.scratch_apart = mig__pg_scratch_apart,
};

static const mig_dialect dialect = {
	.struct_size = sizeof dialect,
	.contract = MIG_DIALECT_CONTRACT,
	.name = "postgresql",
	.schemes = schemes,
	.capabilities = MIG_CAN_TRANSACTIONAL_DDL | MIG_CAN_ENUMS | MIG_CAN_ROWS,
	.conn = &conn_table,
	.store = &store_table,
	.schema = &schema_table,
	.owns = mig__pg_is_keywords,
	.display = mig__pg_url_display,
};

const mig_dialect *mig_dialect_postgresql(void)
{
	return &dialect;
}
