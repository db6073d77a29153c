/* The layout of every public struct, and the value of every public enumerator, as they are for good where
 * pointers and long have 64 bits. An offset or a value here never changes; a size changes when a member is
 * appended to a struct that has a struct_size. */
#include <mig/cli.h>
#include <mig/dialect.h>
#include <mig/mig.h>
#include <mig/model.h>
#include <mig/op.h>
#include <mig/schema.h>
#include <mig/types.h>

#define SIZE(type, size) _Static_assert(sizeof(struct type) == (size), "size of " #type)
#define AT(type, member, place)                                                                    \
	_Static_assert(offsetof(struct type, member) == (place), "place of " #type "." #member)
#define VALUE(name, value) _Static_assert((name) == (value), "value of " #name)

#ifdef __LP64__
/* mig_value */
SIZE(mig_value, 40);
AT(mig_value, type, 0);
AT(mig_value, reserved, 4);
AT(mig_value, integer, 8);
AT(mig_value, real, 16);
AT(mig_value, data, 24);
AT(mig_value, size, 32);

/* mig_attribute */
SIZE(mig_attribute, 16);
AT(mig_attribute, key, 0);
AT(mig_attribute, value, 8);

/* mig_object */
SIZE(mig_object, 96);
AT(mig_object, struct_size, 0);
AT(mig_object, kind, 8);
AT(mig_object, flags, 12);
AT(mig_object, schema, 16);
AT(mig_object, name, 24);
AT(mig_object, attributes, 32);
AT(mig_object, attribute_count, 40);
AT(mig_object, parent, 48);
AT(mig_object, child, 56);
AT(mig_object, next, 64);
AT(mig_object, other, 72);
AT(mig_object, needs, 80);
AT(mig_object, need_count, 88);

/* mig_op */
SIZE(mig_op, 48);
AT(mig_op, struct_size, 0);
AT(mig_op, type, 8);
AT(mig_op, flags, 12);
AT(mig_op, from, 16);
AT(mig_op, to, 24);
AT(mig_op, parts, 32);
AT(mig_op, part_count, 40);

/* mig_dialect_error */
SIZE(mig_dialect_error, 80);
AT(mig_dialect_error, struct_size, 0);
AT(mig_dialect_error, status, 8);
AT(mig_dialect_error, native_code, 12);
AT(mig_dialect_error, message, 16);
AT(mig_dialect_error, sqlstate, 24);
AT(mig_dialect_error, hint, 32);
AT(mig_dialect_error, offset, 40);
AT(mig_dialect_error, statement, 48);
AT(mig_dialect_error, statement_size, 56);
AT(mig_dialect_error, detail, 64);
AT(mig_dialect_error, retry, 72);
AT(mig_dialect_error, reserved, 76);

/* mig_dialect_host */
SIZE(mig_dialect_host, 56);
AT(mig_dialect_host, struct_size, 0);
AT(mig_dialect_host, user, 8);
AT(mig_dialect_host, realloc_fn, 16);
AT(mig_dialect_host, error, 24);
AT(mig_dialect_host, log, 32);
AT(mig_dialect_host, poll, 40);
AT(mig_dialect_host, working, 48);

/* mig_conn_options */
SIZE(mig_conn_options, 88);
AT(mig_conn_options, struct_size, 0);
AT(mig_conn_options, url, 8);
AT(mig_conn_options, native, 16);
AT(mig_conn_options, schema, 24);
AT(mig_conn_options, version_table, 32);
AT(mig_conn_options, history_table, 40);
AT(mig_conn_options, lock_timeout_ms, 48);
AT(mig_conn_options, create, 52);
AT(mig_conn_options, search_path, 56);
AT(mig_conn_options, offline, 64);
AT(mig_conn_options, watch, 68);
AT(mig_conn_options, foreign_keys, 72);
AT(mig_conn_options, reserved, 76);
AT(mig_conn_options, trusted_owner, 80);

/* mig_revision_run */
SIZE(mig_revision_run, 40);
AT(mig_revision_run, struct_size, 0);
AT(mig_revision_run, revision, 8);
AT(mig_revision_run, direction, 16);
AT(mig_revision_run, no_transaction, 20);
AT(mig_revision_run, foreign_keys, 24);
AT(mig_revision_run, check, 28);
AT(mig_revision_run, lock_timeout_ms, 32);
AT(mig_revision_run, reserved, 36);

/* mig_statement */
SIZE(mig_statement, 40);
AT(mig_statement, struct_size, 0);
AT(mig_statement, offset, 8);
AT(mig_statement, size, 16);
AT(mig_statement, next, 24);
AT(mig_statement, kind, 32);
AT(mig_statement, savepoint, 36);

/* mig_unit */
SIZE(mig_unit, 16);
AT(mig_unit, offset, 0);
AT(mig_unit, end, 8);

/* mig_schema_sink */
SIZE(mig_schema_sink, 40);
AT(mig_schema_sink, struct_size, 0);
AT(mig_schema_sink, user, 8);
AT(mig_schema_sink, object, 16);
AT(mig_schema_sink, need, 24);
AT(mig_schema_sink, uncovered, 32);

/* mig_changes */
SIZE(mig_changes, 40);
AT(mig_changes, struct_size, 0);
AT(mig_changes, ops, 8);
AT(mig_changes, op_count, 16);
AT(mig_changes, before, 24);
AT(mig_changes, after, 32);

/* mig_sql_sink */
SIZE(mig_sql_sink, 24);
AT(mig_sql_sink, struct_size, 0);
AT(mig_sql_sink, user, 8);
AT(mig_sql_sink, statement, 16);

/* mig_dialect */
SIZE(mig_dialect, 504);
AT(mig_dialect, struct_size, 0);
AT(mig_dialect, contract, 8);
AT(mig_dialect, reserved, 12);
AT(mig_dialect, name, 16);
AT(mig_dialect, schemes, 24);
AT(mig_dialect, capabilities, 32);
AT(mig_dialect, open, 40);
AT(mig_dialect, close, 48);
AT(mig_dialect, native, 56);
AT(mig_dialect, detach, 64);
AT(mig_dialect, cancel, 72);
AT(mig_dialect, run_begin, 80);
AT(mig_dialect, run_end, 88);
AT(mig_dialect, begin, 96);
AT(mig_dialect, commit, 104);
AT(mig_dialect, rollback, 112);
AT(mig_dialect, lock, 120);
AT(mig_dialect, unlock, 128);
AT(mig_dialect, next_statement, 136);
AT(mig_dialect, run_script, 144);
AT(mig_dialect, run_statement, 152);
AT(mig_dialect, in_transaction, 160);
AT(mig_dialect, prepare, 168);
AT(mig_dialect, bind, 176);
AT(mig_dialect, step, 184);
AT(mig_dialect, reset, 192);
AT(mig_dialect, column_count, 200);
AT(mig_dialect, column, 208);
AT(mig_dialect, finish, 216);
AT(mig_dialect, table_sql, 224);
AT(mig_dialect, table_exists, 232);
AT(mig_dialect, commit_begin, 240);
AT(mig_dialect, set_timeouts, 248);
AT(mig_dialect, probe, 256);
AT(mig_dialect, inspect, 264);
AT(mig_dialect, change, 272);
AT(mig_dialect, holds, 280);
AT(mig_dialect, render, 288);
AT(mig_dialect, scratch, 296);
AT(mig_dialect, native_column, 304);
AT(mig_dialect, default_schema, 312);
AT(mig_dialect, read_script, 320);
AT(mig_dialect, read_stamp, 328);
AT(mig_dialect, write_stamp, 336);
AT(mig_dialect, script_begin, 344);
AT(mig_dialect, begin_sql, 352);
AT(mig_dialect, now_sql, 360);
AT(mig_dialect, revision_begin, 368);
AT(mig_dialect, revision_end, 376);
AT(mig_dialect, foreign_keys, 384);
AT(mig_dialect, verify, 392);
AT(mig_dialect, affected, 400);
AT(mig_dialect, shell_text, 408);
AT(mig_dialect, call_begin, 416);
AT(mig_dialect, current_schema, 424);
AT(mig_dialect, check_units, 432);
AT(mig_dialect, observe, 440);
AT(mig_dialect, recover, 448);
AT(mig_dialect, check_begin, 456);
AT(mig_dialect, check_end, 464);
AT(mig_dialect, check_sql, 472);
AT(mig_dialect, check_schema, 480);
AT(mig_dialect, find_object, 488);
AT(mig_dialect, may_copy, 496);

/* mig_allocator */
SIZE(mig_allocator, 24);
AT(mig_allocator, struct_size, 0);
AT(mig_allocator, realloc_fn, 8);
AT(mig_allocator, user, 16);

/* mig_open_options */
SIZE(mig_open_options, 144);
AT(mig_open_options, struct_size, 0);
AT(mig_open_options, url, 8);
AT(mig_open_options, connection, 16);
AT(mig_open_options, dialect_name, 24);
AT(mig_open_options, dialect, 32);
AT(mig_open_options, allocator, 40);
AT(mig_open_options, version_table, 48);
AT(mig_open_options, history_table, 56);
AT(mig_open_options, schema, 64);
AT(mig_open_options, database_name, 72);
AT(mig_open_options, lock_timeout_ms, 80);
AT(mig_open_options, create, 84);
AT(mig_open_options, search_path, 88);
AT(mig_open_options, scratch, 96);
AT(mig_open_options, reserved, 100);
AT(mig_open_options, scratch_url, 104);
AT(mig_open_options, header_digest, 112);
AT(mig_open_options, offline, 116);
AT(mig_open_options, watch, 120);
AT(mig_open_options, foreign_keys, 124);
AT(mig_open_options, keep_cancel, 128);
AT(mig_open_options, reserved2, 132);
AT(mig_open_options, trusted_owner, 136);

/* mig_progress */
SIZE(mig_progress, 104);
AT(mig_progress, struct_size, 0);
AT(mig_progress, event, 8);
AT(mig_progress, direction, 12);
AT(mig_progress, revision, 16);
AT(mig_progress, message, 24);
AT(mig_progress, step, 32);
AT(mig_progress, steps, 40);
AT(mig_progress, statement, 48);
AT(mig_progress, sql, 56);
AT(mig_progress, sql_size, 64);
AT(mig_progress, elapsed_us, 72);
AT(mig_progress, work, 80);
AT(mig_progress, work_done, 88);
AT(mig_progress, work_total, 96);

/* mig_directory_options */
SIZE(mig_directory_options, 16);
AT(mig_directory_options, struct_size, 0);
AT(mig_directory_options, recursive, 8);
AT(mig_directory_options, exact, 12);

/* mig_revision_def */
SIZE(mig_revision_def, 96);
AT(mig_revision_def, struct_size, 0);
AT(mig_revision_def, id, 8);
AT(mig_revision_def, message, 16);
AT(mig_revision_def, revises, 24);
AT(mig_revision_def, branch_labels, 32);
AT(mig_revision_def, depends_on, 40);
AT(mig_revision_def, upgrade, 48);
AT(mig_revision_def, downgrade, 56);
AT(mig_revision_def, user, 64);
AT(mig_revision_def, version, 72);
AT(mig_revision_def, no_transaction, 80);
AT(mig_revision_def, derive, 84);
AT(mig_revision_def, foreign_keys, 88);
AT(mig_revision_def, idempotent, 92);

/* mig_bundle_section */
SIZE(mig_bundle_section, 48);
AT(mig_bundle_section, direction, 0);
AT(mig_bundle_section, no_transaction, 4);
AT(mig_bundle_section, dialect, 8);
AT(mig_bundle_section, database, 16);
AT(mig_bundle_section, offset, 24);
AT(mig_bundle_section, size, 32);
AT(mig_bundle_section, foreign_keys, 40);
AT(mig_bundle_section, reserved, 44);

/* mig_bundle_revision */
SIZE(mig_bundle_revision, 160);
AT(mig_bundle_revision, id, 0);
AT(mig_bundle_revision, message, 8);
AT(mig_bundle_revision, created, 16);
AT(mig_bundle_revision, file, 24);
AT(mig_bundle_revision, revises, 32);
AT(mig_bundle_revision, branch_labels, 40);
AT(mig_bundle_revision, depends_on, 48);
AT(mig_bundle_revision, text, 56);
AT(mig_bundle_revision, text_size, 64);
AT(mig_bundle_revision, sections, 72);
AT(mig_bundle_revision, section_count, 80);
AT(mig_bundle_revision, digest, 88);
AT(mig_bundle_revision, chain, 120);
AT(mig_bundle_revision, lock_timeout_ms, 152);
AT(mig_bundle_revision, statement_timeout_ms, 156);

/* mig_bundle */
SIZE(mig_bundle, 56);
AT(mig_bundle, struct_size, 0);
AT(mig_bundle, revision_size, 8);
AT(mig_bundle, section_size, 16);
AT(mig_bundle, count, 24);
AT(mig_bundle, revisions, 32);
AT(mig_bundle, heads, 40);
AT(mig_bundle, head_count, 48);

/* mig_run_options */
SIZE(mig_run_options, 40);
AT(mig_run_options, struct_size, 0);
AT(mig_run_options, transaction_mode, 8);
AT(mig_run_options, edited, 12);
AT(mig_run_options, no_foreign_key_check, 16);
AT(mig_run_options, purge, 20);
AT(mig_run_options, statement_lock_timeout_ms, 24);
AT(mig_run_options, statement_timeout_ms, 28);
AT(mig_run_options, retries, 32);
AT(mig_run_options, reserved, 36);

/* mig_history_entry */
SIZE(mig_history_entry, 72);
AT(mig_history_entry, revision, 0);
AT(mig_history_entry, direction, 8);
AT(mig_history_entry, state, 16);
AT(mig_history_entry, digest, 24);
AT(mig_history_entry, started_at, 32);
AT(mig_history_entry, actor, 40);
AT(mig_history_entry, library, 48);
AT(mig_history_entry, statements, 56);
AT(mig_history_entry, duration_us, 64);

/* mig_section */
SIZE(mig_section, 40);
AT(mig_section, direction, 0);
AT(mig_section, no_transaction, 4);
AT(mig_section, dialect, 8);
AT(mig_section, database, 16);
AT(mig_section, sql, 24);
AT(mig_section, foreign_keys, 32);
AT(mig_section, reserved, 36);

/* mig_revision_options */
SIZE(mig_revision_options, 136);
AT(mig_revision_options, struct_size, 0);
AT(mig_revision_options, message, 8);
AT(mig_revision_options, rev_id, 16);
AT(mig_revision_options, heads, 24);
AT(mig_revision_options, depends_on, 32);
AT(mig_revision_options, branch_labels, 40);
AT(mig_revision_options, version_path, 48);
AT(mig_revision_options, template_path, 56);
AT(mig_revision_options, upgrade_sql, 64);
AT(mig_revision_options, downgrade_sql, 72);
AT(mig_revision_options, created, 80);
AT(mig_revision_options, splice, 88);
AT(mig_revision_options, reserved, 92);
AT(mig_revision_options, sections, 96);
AT(mig_revision_options, section_count, 104);
AT(mig_revision_options, section_size, 112);
AT(mig_revision_options, file_template, 120);
AT(mig_revision_options, slug_length, 128);
AT(mig_revision_options, reserved2, 132);

/* mig_foreign_key */
SIZE(mig_foreign_key, 72);
AT(mig_foreign_key, struct_size, 0);
AT(mig_foreign_key, name, 8);
AT(mig_foreign_key, columns, 16);
AT(mig_foreign_key, referred_schema, 24);
AT(mig_foreign_key, referred_table, 32);
AT(mig_foreign_key, referred_columns, 40);
AT(mig_foreign_key, on_delete, 48);
AT(mig_foreign_key, on_update, 56);
AT(mig_foreign_key, deferrable, 64);

/* mig_index */
SIZE(mig_index, 56);
AT(mig_index, struct_size, 0);
AT(mig_index, name, 8);
AT(mig_index, columns, 16);
AT(mig_index, where, 24);
AT(mig_index, method, 32);
AT(mig_index, include, 40);
AT(mig_index, unique, 48);
AT(mig_index, reserved, 52);

/* mig_diff_options */
SIZE(mig_diff_options, 72);
AT(mig_diff_options, struct_size, 0);
AT(mig_diff_options, renames, 8);
AT(mig_diff_options, include, 16);
AT(mig_diff_options, exclude, 24);
AT(mig_diff_options, include_fn, 32);
AT(mig_diff_options, compare_fn, 40);
AT(mig_diff_options, operation_fn, 48);
AT(mig_diff_options, user, 56);
AT(mig_diff_options, unproved, 64);
AT(mig_diff_options, reserved, 68);

/* mig_autogenerate_options */
SIZE(mig_autogenerate_options, 40);
AT(mig_autogenerate_options, struct_size, 0);
AT(mig_autogenerate_options, revision, 8);
AT(mig_autogenerate_options, diff, 16);
AT(mig_autogenerate_options, force, 24);
AT(mig_autogenerate_options, name_dialect, 28);
AT(mig_autogenerate_options, others, 32);

/* mig_cli_options */
SIZE(mig_cli_options, 56);
AT(mig_cli_options, struct_size, 0);
AT(mig_cli_options, program, 8);
AT(mig_cli_options, url, 16);
AT(mig_cli_options, directory, 24);
AT(mig_cli_options, bundle, 32);
AT(mig_cli_options, setup, 40);
AT(mig_cli_options, user, 48);
#endif

VALUE(MIG_OK, 0);
VALUE(MIG_ERROR, -1);
VALUE(MIG_ENOMEM, -2);
VALUE(MIG_EINVAL, -3);
VALUE(MIG_EMISUSE, -4);
VALUE(MIG_EIO, -5);
VALUE(MIG_EEXISTS, -6);
VALUE(MIG_ENOTFOUND, -10);
VALUE(MIG_EAMBIGUOUS, -11);
VALUE(MIG_EMULTIPLE_HEADS, -12);
VALUE(MIG_ENOT_IN_BRANCH, -13);
VALUE(MIG_EWALKED_TOO_FAR, -14);
VALUE(MIG_EAMBIGUOUS_WALK, -15);
VALUE(MIG_ENOT_ANCESTOR, -16);
VALUE(MIG_EBAD_RANGE, -17);
VALUE(MIG_EOVERLAP, -18);
VALUE(MIG_ELOOP, -30);
VALUE(MIG_EDEPENDENCY_LOOP, -31);
VALUE(MIG_ECYCLE, -32);
VALUE(MIG_EDEPENDENCY_CYCLE, -33);
VALUE(MIG_EMISSING_PARENT, -34);
VALUE(MIG_EMISSING_DEPENDENCY, -35);
VALUE(MIG_EDUPLICATE_REVISION, -36);
VALUE(MIG_EDUPLICATE_LABEL, -37);
VALUE(MIG_EILLEGAL_ID, -38);
VALUE(MIG_ESYNTAX, -50);
VALUE(MIG_EIRREVERSIBLE, -51);
VALUE(MIG_ENO_SECTION, -52);
VALUE(MIG_ETRANSACTION, -53);
VALUE(MIG_EEDITED, -54);
VALUE(MIG_ENOT_HEAD, -55);
VALUE(MIG_ENO_DIALECT, -70);
VALUE(MIG_ECONNECT, -71);
VALUE(MIG_ESQL, -72);
VALUE(MIG_ELOCKED, -73);
VALUE(MIG_ECANCELLED, -74);
VALUE(MIG_ENEWER, -75);
VALUE(MIG_EFOREIGN_KEY, -76);
VALUE(MIG_EREVISION, -77);
VALUE(MIG_EREADONLY, -78);
VALUE(MIG_EUNSUPPORTED, -79);
VALUE(MIG_ECONSTRAINT, -80);
VALUE(MIG_ETIMEOUT, -81);
VALUE(MIG_EPERMISSION, -82);
VALUE(MIG_EBEHIND, -83);
VALUE(MIG_EPROOF, -84);
VALUE(MIG_EPARTIAL, -85);
VALUE(MIG_ECHECK, -86);
VALUE(MIG_NULL, 0);
VALUE(MIG_INTEGER, 1);
VALUE(MIG_REAL, 2);
VALUE(MIG_TEXT, 3);
VALUE(MIG_BLOB, 4);
VALUE(MIG_LOG_DEBUG, 0);
VALUE(MIG_LOG_INFO, 1);
VALUE(MIG_LOG_WARNING, 2);
VALUE(MIG_LOG_ERROR, 3);
VALUE(MIG_UPGRADE, 0);
VALUE(MIG_DOWNGRADE, 1);
VALUE(MIG_STAMP, 2);
VALUE(MIG_KIND_SCHEMA, 1);
VALUE(MIG_KIND_EXTENSION, 2);
VALUE(MIG_KIND_COLLATION, 3);
VALUE(MIG_KIND_ENUM, 4);
VALUE(MIG_KIND_DOMAIN, 5);
VALUE(MIG_KIND_COMPOSITE, 6);
VALUE(MIG_KIND_RANGE, 7);
VALUE(MIG_KIND_SEQUENCE, 8);
VALUE(MIG_KIND_TABLE, 9);
VALUE(MIG_KIND_COLUMN, 10);
VALUE(MIG_KIND_DEFAULT, 11);
VALUE(MIG_KIND_PRIMARY_KEY, 12);
VALUE(MIG_KIND_UNIQUE, 13);
VALUE(MIG_KIND_FOREIGN_KEY, 14);
VALUE(MIG_KIND_CHECK, 15);
VALUE(MIG_KIND_EXCLUSION, 16);
VALUE(MIG_KIND_INDEX, 17);
VALUE(MIG_KIND_VIEW, 18);
VALUE(MIG_KIND_MATERIALIZED_VIEW, 19);
VALUE(MIG_KIND_FUNCTION, 20);
VALUE(MIG_KIND_PROCEDURE, 21);
VALUE(MIG_KIND_AGGREGATE, 22);
VALUE(MIG_KIND_TRIGGER, 23);
VALUE(MIG_KIND_RULE, 24);
VALUE(MIG_KIND_POLICY, 25);
VALUE(MIG_KIND_STATISTICS, 26);
VALUE(MIG_KIND_EVENT_TRIGGER, 27);
VALUE(MIG_KIND_INHERITANCE, 28);
VALUE(MIG_KIND_OWNERSHIP, 29);
VALUE(MIG_KIND_REPLICA_IDENTITY, 30);
VALUE(MIG_OBJECT_UNNAMED, 1);
VALUE(MIG_OBJECT_INHERITED, 2);
VALUE(MIG_OP_CREATE, 1);
VALUE(MIG_OP_DROP, 2);
VALUE(MIG_OP_ALTER, 3);
VALUE(MIG_OP_RENAME, 4);
VALUE(MIG_OP_DESTRUCTIVE, 1);
VALUE(MIG_OP_REPLACE, 2);
VALUE(MIG_OP_PART, 4);
VALUE(MIG_STATEMENT_BEGIN, 1);
VALUE(MIG_STATEMENT_COMMIT, 2);
VALUE(MIG_STATEMENT_ROLLBACK, 4);
VALUE(MIG_STATEMENT_SESSION, 8);
VALUE(MIG_STATEMENT_LONE, 16);
VALUE(MIG_STATEMENT_KEYS_OFF, 32);
VALUE(MIG_STATEMENT_PARAMETERS, 64);
VALUE(MIG_STATEMENT_SAVEPOINT, 128);
VALUE(MIG_STATEMENT_RELEASE, 256);
VALUE(MIG_STATEMENT_PROCEDURE, 512);
VALUE(MIG_STATEMENT_CHECK, 1024);
VALUE(MIG_SQL_CREATE_VERSION, 1);
VALUE(MIG_SQL_CREATE_HISTORY, 2);
VALUE(MIG_SQL_READ_VERSION, 3);
VALUE(MIG_SQL_INSERT_VERSION, 4);
VALUE(MIG_SQL_UPDATE_VERSION, 5);
VALUE(MIG_SQL_DELETE_VERSION, 6);
VALUE(MIG_SQL_CLEAR_VERSION, 7);
VALUE(MIG_SQL_INSERT_HISTORY, 8);
VALUE(MIG_SQL_UPDATE_RUNNING, 9);
VALUE(MIG_SQL_READ_RUNNING, 10);
VALUE(MIG_SQL_READ_HISTORY, 11);
VALUE(MIG_SQL_EXPECT_VERSION, 12);
VALUE(MIG_SQL_ENTER, 13);
VALUE(MIG_SQL_ENTER_SESSION, 14);
VALUE(MIG_SQL_LEAVE_SESSION, 15);
VALUE(MIG_SQL_KEYS_ON, 16);
VALUE(MIG_SQL_KEYS_OFF, 17);
VALUE(MIG_SQL_CHECK_VERSION, 18);
VALUE(MIG_SQL_MARK_RUNNING, 19);
VALUE(MIG_SQL_CLEAR_STAMP, 20);
VALUE(MIG_CAN_TRANSACTIONAL_DDL, 1);
VALUE(MIG_CAN_SCHEMAS, 2);
VALUE(MIG_CAN_ENUMS, 4);
VALUE(MIG_NAMES_FOLD, 8);
VALUE(MIG_NEED, 0);
VALUE(MIG_NEED_OWNER, 1);
VALUE(MIG_CHANGE_ALTER, 1);
VALUE(MIG_CHANGE_ALONE, 2);
VALUE(MIG_CHANGE_RECREATE, 4);
VALUE(MIG_CHANGE_LOSSY, 8);
VALUE(MIG_EVENT_RUN_BEGIN, 1);
VALUE(MIG_EVENT_STEP_BEGIN, 2);
VALUE(MIG_EVENT_STATEMENT, 3);
VALUE(MIG_EVENT_STEP_END, 4);
VALUE(MIG_EVENT_RUN_END, 5);
VALUE(MIG_EVENT_WAITING, 6);
VALUE(MIG_EVENT_WORKING, 7);
VALUE(MIG_TRANSACTION_RUN, 0);
VALUE(MIG_TRANSACTION_REVISION, 1);
VALUE(MIG_EDITED_ERROR, 0);
VALUE(MIG_EDITED_WARN, 1);
VALUE(MIG_EDITED_ACCEPT, 2);
VALUE(MIG_REVISION_HEAD, 1);
VALUE(MIG_REVISION_EFFECTIVE_HEAD, 2);
VALUE(MIG_REVISION_BASE, 4);
VALUE(MIG_REVISION_BRANCH_POINT, 8);
VALUE(MIG_REVISION_MERGE_POINT, 16);
VALUE(MIG_REVISION_CURRENT, 32);
VALUE(MIG_REVISION_REVERSIBLE, 64);
VALUE(MIG_CLI_DONE, 0);
VALUE(MIG_CLI_ERROR, 1);
VALUE(MIG_CLI_USAGE, 2);
VALUE(MIG_CLI_FOUND, 3);

int main(void)
{
	return 0;
}
