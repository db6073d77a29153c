/* A model as a constant table in C++20: every member by its name, in the order of the struct. */
#include <mig/model.h>

static const mig_column_def teams[] = {
	{ .name = "id", .type = "integer", .primary_key = 1 },
	{ .name = "name", .type = "varchar(80)", .not_null = 1, .default_text = "new" },
};
static const char *const by_name[] = { "name", "id", nullptr };
static const mig_constraint_def indexes[] = {
	{ .kind = MIG_KIND_INDEX, .unique = 1, .columns = by_name, .where = "id > 0" },
};
static const mig_option_def strict[] = { { "sqlite", "strict", "yes" } };
static const mig_table_def tables[] = {
	{ .name = "teams", MIG_COLUMNS(teams), MIG_CONSTRAINTS(indexes), MIG_OPTIONS(strict) },
};
static const char *const roles[] = { "reader", "author", nullptr };
static const mig_enum_def enums[] = { { .name = "role", .values = roles } };
static const mig_schema_def schema = MIG_SCHEMA(MIG_TABLES(tables), MIG_ENUMS(enums));

mig_status declare(mig_model *model)
{
	return mig_model_declare(model, &schema);
}
