/* kind: the kinds of schema object in words. */
#include "schema/object.h"

static const char *const names[] = {
	[MIG_KIND_SCHEMA] = "schema",
	[MIG_KIND_EXTENSION] = "extension",
	[MIG_KIND_COLLATION] = "collation",
	[MIG_KIND_ENUM] = "enum",
	[MIG_KIND_DOMAIN] = "domain",
	[MIG_KIND_COMPOSITE] = "composite type",
	[MIG_KIND_RANGE] = "range type",
	[MIG_KIND_SEQUENCE] = "sequence",
	[MIG_KIND_TABLE] = "table",
	[MIG_KIND_COLUMN] = "column",
	[MIG_KIND_DEFAULT] = "default",
	[MIG_KIND_PRIMARY_KEY] = "primary key",
	[MIG_KIND_UNIQUE] = "unique constraint",
	[MIG_KIND_FOREIGN_KEY] = "foreign key",
	[MIG_KIND_CHECK] = "check",
	[MIG_KIND_EXCLUSION] = "exclusion constraint",
	[MIG_KIND_INDEX] = "index",
	[MIG_KIND_VIEW] = "view",
	[MIG_KIND_MATERIALIZED_VIEW] = "materialized view",
	[MIG_KIND_FUNCTION] = "function",
	[MIG_KIND_PROCEDURE] = "procedure",
	[MIG_KIND_AGGREGATE] = "aggregate",
	[MIG_KIND_TRIGGER] = "trigger",
	[MIG_KIND_RULE] = "rule",
	[MIG_KIND_POLICY] = "policy",
	[MIG_KIND_STATISTICS] = "statistics",
	[MIG_KIND_EVENT_TRIGGER] = "event trigger",
	[MIG_KIND_INHERITANCE] = "inheritance",
	[MIG_KIND_OWNERSHIP] = "ownership",
	[MIG_KIND_REPLICA_IDENTITY] = "replica identity",
};

const char *mig_kind_name(int32_t kind)
{
	return kind > 0 && kind < (int32_t)(sizeof names / sizeof *names) ? names[kind] : "object";
}

const char *mig_object_attribute(const mig_object *object, const char *key)
{
	return object && key ? mig__attribute(object, key) : NULL;
}
