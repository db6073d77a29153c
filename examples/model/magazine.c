/* magazine: five tables as one constant table. Types, defaults and options mean the same on every
 * engine; what only one of them has stands in options. */
#include "magazine.h"

static const mig_column_def users[] = {
	{ "id", "integer", .primary_key = 1 },
	{ "email", "varchar(255)", .not_null = 1, .unique = 1, .renamed_from = "mail" },
	{ "role", "enum role", .not_null = 1, .default_text = "reader" },
	{ "joined", "timestamptz", .not_null = 1, .default_value = MIG_DEFAULT_NOW },
};
static const mig_column_def articles[] = {
	{ "id", "integer", .primary_key = 1 },
	{ "author_id", "integer", .not_null = 1, .references = "users.id", .on_delete = "restrict" },
	{ "title", "varchar(200)", .not_null = 1, .comment = "shown in lists" },
	{ "words", "integer", .not_null = 1, .default_sql = "0" },
	{ "published", "timestamptz", .index = 1 },
};
static const mig_constraint_def articles_constraints[] = {
	{ MIG_KIND_UNIQUE, MIG_ON("author_id", "title") },
	{ MIG_KIND_CHECK, .expression = "words >= 0" },
	{ MIG_KIND_INDEX, MIG_ON("author_id", "published DESC"), .where = "published IS NOT NULL" },
};
static const mig_column_def tags[] = {
	{ "id", "integer", .primary_key = 1 },
	{ "name", "varchar(40)", .not_null = 1, .unique = 1 },
};
static const mig_column_def article_tags[] = {
	{ "article_id", "integer", .primary_key = 1, .references = "articles.id", .on_delete = "cascade" },
	{ "tag_id", "integer", .primary_key = 1, .references = "tags.id", .on_delete = "cascade" },
};
static const mig_column_def tag_notes[] = {
	{ "article_id", "integer", .primary_key = 1 },
	{ "tag_id", "integer", .primary_key = 1 },
	{ "note", "text", .not_null = 0 },
};
static const mig_constraint_def tag_notes_constraints[] = {
	{ MIG_KIND_FOREIGN_KEY, MIG_ON("article_id", "tag_id"), .referred_table = "article_tags",
	  .referred_columns = MIG_NAMES("article_id", "tag_id"), .on_delete = "cascade" },
};
static const mig_option_def compact[] = { { "sqlite", "without_rowid", "yes" } };

static const mig_table_def tables[] = {
	{ "users", MIG_COLUMNS(users), .comment = "who reads and writes" },
	{ "articles", MIG_COLUMNS(articles), MIG_CONSTRAINTS(articles_constraints) },
	{ "tags", MIG_COLUMNS(tags), .renamed_from = "labels" },
	{ "article_tags", MIG_COLUMNS(article_tags), MIG_OPTIONS(compact) },
	{ "tag_notes", MIG_COLUMNS(tag_notes), MIG_CONSTRAINTS(tag_notes_constraints) },
};
static const mig_enum_def enums[] = { { "role", .values = MIG_NAMES("reader", "author", "editor") } };

const mig_schema_def magazine = MIG_SCHEMA(MIG_TABLES(tables), MIG_ENUMS(enums));
