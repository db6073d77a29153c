-- As the tables' version 1 left them: a1, b2, b2 undone and applied again.
CREATE TABLE mig_version (
	revision pg_catalog.text NOT NULL PRIMARY KEY,
	digest pg_catalog.text NOT NULL
);
CREATE TABLE mig_history (
	id pg_catalog.int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	revision pg_catalog.text NOT NULL,
	direction pg_catalog.text NOT NULL,
	state pg_catalog.text NOT NULL,
	digest pg_catalog.text,
	statements pg_catalog.int8,
	done_digest pg_catalog.text,
	started_at pg_catalog.text,
	duration_us pg_catalog.int8,
	actor pg_catalog.text,
	library pg_catalog.text
);
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('a1', 'upgrade', 'done', 'f046d6a4f35a4f17d1125f2225fd385b96a20f8df4fe1e0a6b377f50a7e97a22', 1, '', '2026-12-01T01:57:33.647Z', 237, 'root@host:9428', '0.1.0');
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('b2', 'upgrade', 'done', '60708a08aae0322850c609ec8de1c73d54013a2cd7817d54ce9ab40b0159d03f', 3, '18ccfd411f3fbc95b38b3740393410af888adab9222a33dd164bae7373289474', '2026-12-01T01:57:33.666Z', 94644, 'root@host:9428', '0.1.0');
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('b2', 'downgrade', 'done', '60708a08aae0322850c609ec8de1c73d54013a2cd7817d54ce9ab40b0159d03f', 2, '', '2026-12-01T01:57:33.773Z', 695, 'root@host:9428', '0.1.0');
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('b2', 'upgrade', 'done', '60708a08aae0322850c609ec8de1c73d54013a2cd7817d54ce9ab40b0159d03f', 3, '18ccfd411f3fbc95b38b3740393410af888adab9222a33dd164bae7373289474', '2026-12-01T01:57:33.784Z', 78651, 'root@host:9428', '0.1.0');
INSERT INTO mig_version (revision, digest) VALUES ('b2', 'cac03545a0be130784f7707d7c85a14afafd8111837f7b81c781c8a9d40ef72d');
CREATE TABLE things (id INTEGER);
INSERT INTO things VALUES (1);
INSERT INTO things VALUES (2);
CREATE INDEX things_id ON things (id);
