/* change: makes a change of a schema on a database of its own. See change.h. */
#include "change.h"

static char *read_sql(const mig_op_list *list, int32_t direction)
{
	return strdup(mig_op_list_sql(list, direction, NULL));
}

static void check_texts(const struct change *c, const char *sql)
{
	for (size_t i = 0; i < 6 && c->has[i]; i++)
		if (!strstr(sql, c->has[i]))
			fail_msg("%s: no \"%s\" in:\n%s", c->name, c->has[i], sql);
	for (size_t i = 0; i < 3 && c->lacks[i]; i++)
		if (strstr(sql, c->lacks[i]))
			fail_msg("%s: \"%s\" in:\n%s", c->name, c->lacks[i], sql);
}

static void run(const struct change *c, PGconn *db, const char *sql, const char *want)
{
	PGresult *result = PQexec(db, sql);
	const char *answer;

	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK &&
	    *sql) /* there may be nothing to undo */
		fail_msg("%s: %s in:\n%s", c->name, PQresultErrorMessage(result), sql);
	PQclear(result);
	answer = c->question ? ask(db, c->question) : "";
	if (c->question && strcmp(answer, want) != 0)
		fail_msg("%s: %s, not %s, after:\n%s", c->name, answer, want, sql);
}

mig_op_list *change_diff(const struct place *p, const struct change *c, mig_ctx **ctx)
{
	mig_op_list *list = NULL;
	mig_model *model;

	*ctx = open_place(p, NULL);
	ok(*ctx, mig_model_of(*ctx, &model));
	ok(*ctx, mig_model_sql(model, NULL, "new", c->new, strlen(c->new)));
	if (mig_diff(*ctx, NULL, &list))
		fail_msg("%s: %s\n%s", c->name, mig_error_message(*ctx),
			 mig_error_statement(*ctx) ? mig_error_statement(*ctx) : "");
	return list;
}

void test_change(const struct change *c)
{
	struct place p;
	mig_ctx *ctx;
	mig_op_list *list, *none;
	char *up, *down;

	place_begin(&p);
	if (is_left_out(p.db, c->since, c->name) || (c->until && !is_older(p.db, c->until))) {
		place_end(&p);
		return;
	}
	if (c->old[0])
		pg_exec(p.db, c->old);
	if (c->rows)
		pg_exec(p.db, c->rows);
	list = change_diff(&p, c, &ctx);
	up = read_sql(list, MIG_UPGRADE);
	down = read_sql(list, MIG_DOWNGRADE);
	check_texts(c, up);
	mig_op_list_free(list);
	run(c, p.db, up, c->up);
	ok(ctx, mig_diff(ctx, NULL, &none));
	assert_int_equal(mig_op_list_count(none), 0);
	mig_op_list_free(none);
	mig_close(ctx);
	run(c, p.db, down, c->down);
	free(up);
	free(down);
	place_end(&p);
}
