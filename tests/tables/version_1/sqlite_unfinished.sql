-- As the tables' version 1 left them: killed before the second statement of b2.
CREATE TABLE "mig_version" (
	revision TEXT NOT NULL PRIMARY KEY,
	digest TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE "mig_history" (
	id INTEGER PRIMARY KEY,
	revision TEXT NOT NULL,
	direction TEXT NOT NULL,
	state TEXT NOT NULL,
	digest TEXT,
	statements INTEGER,
	done_digest TEXT,
	started_at TEXT,
	duration_us INTEGER,
	actor TEXT,
	library TEXT
);
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('a1', 'upgrade', 'done', 'f046d6a4f35a4f17d1125f2225fd385b96a20f8df4fe1e0a6b377f50a7e97a22', 1, '', '2026-12-01T01:57:35.970Z', 234, 'root@host:9428', '0.1.0');
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('a1', 'downgrade', 'done', 'f046d6a4f35a4f17d1125f2225fd385b96a20f8df4fe1e0a6b377f50a7e97a22', 1, '', '2026-12-01T01:57:36.002Z', 1140, 'root@host:9428', '0.1.0');
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('a1', 'upgrade', 'done', 'f046d6a4f35a4f17d1125f2225fd385b96a20f8df4fe1e0a6b377f50a7e97a22', 1, '', '2026-12-01T01:57:36.016Z', 783, 'root@host:9428', '0.1.0');
INSERT INTO mig_history (revision, direction, state, digest, statements, done_digest, started_at, duration_us, actor, library) VALUES ('b2', 'upgrade', 'running', '60708a08aae0322850c609ec8de1c73d54013a2cd7817d54ce9ab40b0159d03f', 1, 'f5f58a82df249ea1cea1f265dd7da01a858f26f646575f57dbc4de0cd744e16e', '2026-12-01T01:57:36.041Z', 15831, 'root@host:9428', '0.1.0');
INSERT INTO mig_version (revision, digest) VALUES ('a1', 'running:f8294b9fc16db121ebcaa13adc6aaa5a487463a4447eea994bcd8b2628f821cd');
CREATE TABLE things (id INTEGER);
INSERT INTO things VALUES (1);
