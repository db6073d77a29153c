#!/bin/sh
# dump.sh MIG CLUSTER: the dump of a rich schema on PostgreSQL is a model that does not differ from its database; run in
# another database, it gives the same dump.
set -eu
mig=$1 cluster=$2
dir=$(sh "$cluster" folder)
trap 'sh "$cluster" stop "$dir"' EXIT
url=$(sh "$cluster" start "$dir") || exit 77
work=$dir/dump
mkdir "$work"
cd "$work"
unset MIG_URL MIG_DIRECTORY MIG_CONFIG MIG_APP
rich=$(echo "$url" | sed 's|^postgresql:///[^?]*|postgresql:///rich|')
again=$(echo "$url" | sed 's|^postgresql:///[^?]*|postgresql:///again|')
psql -qX "$url" -c 'CREATE DATABASE rich' -c 'CREATE DATABASE again' -c 'CREATE DATABASE empty'
psql -qX -v ON_ERROR_STOP=1 "$rich" <<'END'
CREATE SCHEMA app;
COMMENT ON SCHEMA app IS 'it''s ours';
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN app.email AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE teams (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "the name" text NOT NULL UNIQUE);
CREATE TABLE app."Users" (id serial PRIMARY KEY, team_id integer NOT NULL REFERENCES teams ON DELETE CASCADE,
	m mood DEFAULT 'ok', e app.email, boss integer REFERENCES app."Users", CHECK (id > 0));
COMMENT ON COLUMN app."Users".m IS 'how "it" is; or was';
CREATE INDEX ON app."Users" (lower(e)) WHERE boss IS NULL;
CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1; -- it''s; that';
CREATE VIEW b AS SELECT f(id) AS x FROM app."Users";
CREATE VIEW a AS SELECT * FROM b;
CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS n FROM a;
CREATE UNIQUE INDEX ON mv (n);
CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END;$$;
CREATE TRIGGER trg BEFORE INSERT ON teams FOR EACH ROW EXECUTE FUNCTION tg();
CREATE TABLE p (d date PRIMARY KEY, v integer) PARTITION BY RANGE (d);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
CREATE POLICY pol ON teams USING (id > 0);
GRANT SELECT ON teams TO PUBLIC;
CREATE SEQUENCE app.s START 5;
CREATE TABLE x (y integer);
CREATE TABLE y (x integer PRIMARY KEY);
ALTER TABLE x ADD PRIMARY KEY (y), ADD FOREIGN KEY (y) REFERENCES y;
ALTER TABLE y ADD FOREIGN KEY (x) REFERENCES x;
END

mkdir -p migrations/versions
"$mig" -u "$rich" ensure-version
"$mig" -u "$rich" dump >model.sql
! grep -q mig_version model.sql
"$mig" -u "$rich" check --models model.sql
psql -qX -v ON_ERROR_STOP=1 "$again" -f model.sql >/dev/null
"$mig" -u "$again" dump >again.sql
cmp model.sql again.sql
"$mig" -u "$again" check --models model.sql
"$mig" -u "$rich" dump --format mermaid | grep -qF '  t_app_2eUsers }o--|| t_public_2eteams : "team_id"'
"$mig" -u "$rich" dump --format dot | grep -qF '  "app.Users" -> "app.Users" [label="boss"];'
empty=$(echo "$url" | sed 's|^postgresql:///[^?]*|postgresql:///empty|')
[ -z "$("$mig" -u "$empty" dump)" ]
# who may not make an empty database to compare with is told so
psql -qX "$rich" -c 'CREATE ROLE reader LOGIN' -c 'GRANT USAGE ON SCHEMA public TO reader'
! "$mig" -u "$rich&user=reader" dump >out 2>&1
grep -q 'CREATEDB\|create databases' out || { cat out; exit 1; }
echo "dump: the same"
