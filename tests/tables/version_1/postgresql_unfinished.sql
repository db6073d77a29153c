-- As the tables' version 1 left them: killed before the second statement of b2 (there was no such index).
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
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('a1', 'upgrade', 'done', 'f046d6a4f35a4f17d1125f2225fd385b96a20f8df4fe1e0a6b377f50a7e97a22', 1, '', '2026-12-01T01:57:35.970Z', 234, 'root@host:9428', '0.1.0');
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('a1', 'downgrade', 'done', 'f046d6a4f35a4f17d1125f2225fd385b96a20f8df4fe1e0a6b377f50a7e97a22', 1, '', '2026-12-01T01:57:36.002Z', 1140, 'root@host:9428', '0.1.0');
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('a1', 'upgrade', 'done', 'f046d6a4f35a4f17d1125f2225fd385b96a20f8df4fe1e0a6b377f50a7e97a22', 1, '', '2026-12-01T01:57:36.016Z', 783, 'root@host:9428', '0.1.0');
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('b2', 'upgrade', 'running', '60708a08aae0322850c609ec8de1c73d54013a2cd7817d54ce9ab40b0159d03f', 1, 'f5f58a82df249ea1cea1f265dd7da01a858f26f646575f57dbc4de0cd744e16e in flight:0', '2026-12-01T01:57:36.041Z', 15831, 'root@host:9428', '0.1.0');
INSERT INTO mig_version (revision, digest) VALUES ('a1', 'running:f8294b9fc16db121ebcaa13adc6aaa5a487463a4447eea994bcd8b2628f821cd');
CREATE TABLE things (id INTEGER);
INSERT INTO things VALUES (1);
