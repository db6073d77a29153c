/* Indexes and keys of partitions: attached to the parent's or not, named by the model or by the server.
 * Each change is proved and run both ways. */
#include "change.h"

#define PARENT "CREATE TABLE p (a int NOT NULL, b int NOT NULL) PARTITION BY LIST (a);"
#define FIRST "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
#define SECOND "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);"
#define MINE "CREATE INDEX pi ON ONLY p (b); CREATE INDEX mine ON p1 (b); ALTER INDEX pi ATTACH PARTITION mine;"
/* what is attached to what; what is not: alone */
#define TREE                                                                                    \
	"SELECT string_agg(x, ', ' ORDER BY x COLLATE \"C\") FROM (SELECT i.indexrelid::regclass || "  \
	"coalesce(' of ' || h.inhparent::regclass, '') || CASE WHEN i.indisvalid THEN '' ELSE "      \
	"' invalid' END AS x FROM pg_index i LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid "   \
	"WHERE i.indrelid::regclass::text ~ '^p[0-9]?$') x"

static const struct change attached[] = {
	{ .name = "an index that the model names, in a new table",
	  .old = "",
	  .new = PARENT FIRST MINE,
	  .has = { "CREATE INDEX mine", "ATTACH PARTITION public.p1", "CREATE INDEX pi ON public.p" },
	  .lacks = { "ALTER INDEX" },
	  .question = TREE,
	  .up = "mine of pi, pi",
	  .down = "NULL" },
	{ .name = "in a table that is there",
	  .old = PARENT FIRST SECOND,
	  .new = PARENT FIRST SECOND MINE
		 "CREATE INDEX p2_b_idx ON p2 (b); ALTER INDEX pi ATTACH PARTITION p2_b_idx",
	  .has = { "CREATE INDEX mine" },
	  .lacks = { "CREATE INDEX p2_b_idx" },
	  .question = TREE,
	  .up = "mine of pi, p2_b_idx of pi, pi",
	  .down = "NULL" },
	{ .name = "another name is a rename",
	  .old = PARENT FIRST "CREATE INDEX pi ON p (b)",
	  .new = PARENT FIRST MINE "COMMENT ON INDEX mine IS 'named'",
	  .has = { "ALTER INDEX public.p1_b_idx RENAME TO mine" },
	  .lacks = { "DROP INDEX", "CREATE INDEX" },
	  .question = TREE,
	  .up = "mine of pi, pi",
	  .down = "p1_b_idx of pi, pi" },
	{ .name = "options of its own",
	  .old = PARENT FIRST "CREATE INDEX pi ON p (b)",
	  .new = PARENT FIRST "CREATE INDEX pi ON p (b); ALTER INDEX p1_b_idx SET (fillfactor = 50)",
	  .has = { "SET (fillfactor='50')" },
	  .lacks = { "DROP INDEX", "CREATE INDEX" } },
	{ .name = "the last partition's index is attached",
	  .old = PARENT FIRST SECOND MINE "CREATE INDEX mine2 ON p2 (b)",
	  .new = PARENT FIRST SECOND MINE "CREATE INDEX mine2 ON p2 (b); ALTER INDEX pi ATTACH PARTITION mine2",
	  .has = { "ALTER INDEX public.pi ATTACH PARTITION public.mine2" },
	  .lacks = { "DROP INDEX", "CREATE INDEX" },
	  .question = TREE,
	  .up = "mine of pi, mine2 of pi, pi",
	  .down = "mine of pi, mine2, pi invalid" },
	{ .name = "an index becomes local when the parent's goes",
	  .old = PARENT FIRST SECOND "CREATE INDEX pi ON p (b)",
	  .new = PARENT FIRST SECOND "CREATE INDEX p1_b_idx ON p1 (b)",
	  .question = TREE,
	  .up = "p1_b_idx",
	  .down = "p1_b_idx of pi, p2_b_idx of pi, pi" },
	{ .name = "a partition that leaves takes some of its indexes along",
	  .old = PARENT FIRST "CREATE INDEX pi ON p (b); CREATE INDEX pa ON p (a)",
	  .new = PARENT "CREATE TABLE p1 (a int NOT NULL, b int NOT NULL); CREATE INDEX p1_b_idx ON p1 (b);"
		 "CREATE INDEX pi ON p (b); CREATE INDEX pa ON p (a)",
	  .has = { "DETACH PARTITION", "DROP INDEX public.p1_a_idx" },
	  .question = TREE,
	  .up = "p1_b_idx, pa, pi",
	  .down = "p1_a_idx of pa, p1_b_idx of pi, pa, pi" },
};
TEST_ALL(attached)

static const struct change local[] = {
	{ .name = "a local index like the one that is attached",
	  .old = PARENT FIRST "CREATE INDEX l ON p1 (b)",
	  .new = PARENT FIRST "CREATE INDEX pi ON ONLY p (b); CREATE INDEX l ON p1 (b);"
		 "CREATE INDEX p1_b_idx ON p1 (b); ALTER INDEX pi ATTACH PARTITION p1_b_idx",
	  .question = TREE,
	  .up = "l, p1_b_idx of pi, pi",
	  .down = "l" },
	{ .name = "a column beside an unattached index of the usual name",
	  .old = "CREATE TABLE p (a int NOT NULL, b text NOT NULL) PARTITION BY LIST (b);"
		 "CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('a');"
		 "ALTER TABLE ONLY p ADD CONSTRAINT k PRIMARY KEY (b, a); CREATE UNIQUE INDEX p1_pkey ON p1 (b, a)",
	  .new = "CREATE TABLE p (a int NOT NULL, b text NOT NULL, c int) PARTITION BY LIST (b);"
		 "CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('a');"
		 "ALTER TABLE ONLY p ADD CONSTRAINT k PRIMARY KEY (b, a); CREATE UNIQUE INDEX p1_pkey ON p1 (b, a)",
	  .has = { "ADD COLUMN c" },
	  .question = TREE,
	  .up = "k invalid, p1_pkey",
	  .down = "k invalid, p1_pkey" },
};
TEST_ALL(local)

static const struct change keys[] = {
	{ .name = "a key that the model names",
	  .old = PARENT FIRST,
	  .new = PARENT "ALTER TABLE ONLY p ADD CONSTRAINT pk PRIMARY KEY (a, b);"
		 "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); ALTER INDEX p1_pkey RENAME TO mine",
	  .question = TREE,
	  .up = "mine of pk, pk",
	  .down = "NULL" },
	{ .name = "a local index is made a key of all",
	  .old = PARENT FIRST "CREATE UNIQUE INDEX pi ON ONLY p (a, b);"
		 "ALTER TABLE p1 ADD CONSTRAINT p1_a_b_key UNIQUE (a, b)",
	  .new = PARENT FIRST "ALTER TABLE p ADD CONSTRAINT pi UNIQUE (a, b)",
	  .question = TREE,
	  .up = "p1_a_b_key of pi, pi",
	  .down = "p1_a_b_key, pi invalid" },
	{ .name = "an attached index is a partition's key",
	  .old = PARENT FIRST "CREATE UNIQUE INDEX pi ON p (a, b);"
		 "ALTER TABLE p1 ADD CONSTRAINT p1_pkey PRIMARY KEY USING INDEX p1_a_b_idx",
	  .new = PARENT FIRST "ALTER TABLE p ADD CONSTRAINT pi PRIMARY KEY (a, b)",
	  .question = TREE,
	  .up = "p1_pkey of pi, pi",
	  .down = "p1_pkey of pi, pi" },
	{ .name = "partitions with foreign keys to each other",
	  .old = "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)) PARTITION BY LIST (a);"
		 "CREATE TABLE q (a int, b int, PRIMARY KEY (a, b)) PARTITION BY LIST (a)",
	  .new = "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)) PARTITION BY LIST (a);"
		 "CREATE TABLE q (a int, b int, PRIMARY KEY (a, b)) PARTITION BY LIST (a);" FIRST
		 "CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1);"
		 "ALTER TABLE q1 ADD FOREIGN KEY (a, b) REFERENCES p1; ALTER TABLE p1 ADD FOREIGN KEY (a, b) REFERENCES q1" },
	{ .name = "a foreign key to a partition whose key is made anew",
	  .old = PARENT FIRST "ALTER TABLE p ADD CONSTRAINT k UNIQUE (a, b);"
		 "CREATE TABLE r (a int, b int, FOREIGN KEY (a, b) REFERENCES p1 (a, b))",
	  .new = PARENT FIRST "ALTER TABLE p ADD CONSTRAINT k UNIQUE (b, a);"
		 "CREATE TABLE r (a int, b int, FOREIGN KEY (a, b) REFERENCES p1 (a, b))" },
};
TEST_ALL(keys)

/* Tables that have other parents, and what comes with that. */
#define VALID "SELECT string_agg(conrelid::regclass::text || convalidated, ' ' ORDER BY conrelid::regclass::text) " \
	      "FROM pg_constraint WHERE conname = 'c'"

static const struct change parents[] = {
	{ .name = "a check that is not valid in the parent, but in a partition, comes back as it was",
	  .old = PARENT "ALTER TABLE p ADD CONSTRAINT c CHECK (b > 0) NOT VALID;" FIRST,
	  .new = PARENT FIRST "ALTER TABLE p ADD CONSTRAINT c CHECK (b > 1)",
	  .has = { "DROP CONSTRAINT c" },
	  .question = VALID,
	  .up = "ptrue p1true",
	  .down = "pfalse p1true" },
	{ .name = "a partition's check alone is validated",
	  .old = PARENT FIRST "ALTER TABLE p ADD CONSTRAINT c CHECK (b > 0) NOT VALID",
	  .new = PARENT FIRST "ALTER TABLE p ADD CONSTRAINT c CHECK (b > 0) NOT VALID;"
			      "ALTER TABLE p1 VALIDATE CONSTRAINT c",
	  .rows = "INSERT INTO p VALUES (1, 1)",
	  .has = { "ALTER TABLE public.p1 VALIDATE CONSTRAINT c" },
	  .question = VALID,
	  .up = "pfalse p1true",
	  .down = "pfalse p1true" }, /* what is valid is not made invalid */
	{ .name = "a child goes to another parent, whose column gets another type",
	  .old = "CREATE TABLE a (x int); CREATE TABLE b (x int, d text); CREATE TABLE c (own int) INHERITS (a)",
	  .new = "CREATE TABLE a (x int); CREATE TABLE b (x int, d int);"
		 "CREATE TABLE c (own int) INHERITS (b)",
	  .rows = "INSERT INTO c VALUES (1, 2)",
	  .question = "SELECT x || ' ' || own FROM c",
	  .up = "1 2",
	  .down = "1 2" },
	{ .name = "a child leaves a parent whose column goes, and keeps its own",
	  .old = "CREATE TABLE a (x int, y int); CREATE TABLE c () INHERITS (a)",
	  .new = "CREATE TABLE a (x text); CREATE TABLE c (x int, y int)",
	  .rows = "INSERT INTO c VALUES (1, 2)",
	  .question = "SELECT x || ' ' || y FROM c",
	  .up = "1 2",
	  .down = "1 2" },
};
TEST_ALL(parents)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attached),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_parents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
