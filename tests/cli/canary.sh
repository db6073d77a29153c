#!/bin/sh
# canary.sh MIG: a password is in no output of any command, however it is spelt and wherever it was written: on stdout,
# on stderr, in JSON, in the log, in a script, in a history row, in a written file, in the process's own title.
set -eu
mig=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MIG_URL MIG_CONFIG MIG_APP MIG_DIRECTORY
# a part of it is as bad; no file's name has any
canary=Hunter2 part='unter2\|Hunte'
cd "$dir"
"$mig" init >/dev/null
printf -- '-- one\n-- revision: one\n-- revises:\n\n-- mig:upgrade\nCREATE TABLE t (x INTEGER);\n\n-- mig:downgrade\nDROP TABLE t;\n' \
	>migrations/versions/one.sql
echo 'CREATE TABLE t (x INTEGER);' >model.sql
runs=0 connected=0

# look ARGUMENT...: runs mig, whatever comes of it, and looks at what it says
look() {
	runs=$((runs + 1))
	"$mig" "$@" >out 2>err </dev/null || true
	if grep -a -q "$part" out err; then
		echo "mig $* tells it:"
		grep -a "$part" out err
		exit 1
	fi
}

# everywhere WAY URL: every command, with the URL given in one way
everywhere() {
	case $1 in
	option) set -- "-u$2" ;;
	variable) export MIG_URL="$2"; set -- -v ;;
	file) printf '[mig]\nurl = %s\nscratch_url = %s\n' "$2" "$2" >ini; set -- -cini ;;
	esac
	look "$1" -v current
	look "$1" -vv --json current
	look "$1" -vv upgrade
	look "$1" upgrade --sql
	look "$1" -v upgrade --dry-run
	look "$1" downgrade --sql one:base
	look "$1" -v downgrade base
	look "$1" -v stamp one
	look "$1" --json plan
	look "$1" -v plan
	look "$1" -v log
	look "$1" --json log
	look "$1" check --models model.sql
	look "$1" -v ensure-version
	look "$1" history -i
	look "$1" --json history -i
	look "$1" import alembic --adopt
	unset MIG_URL
}

# an error of a server that cannot be reached must not take long
cat >urls <<END
sqlite:good.db?key=$canary
sqlite:good.db?hexkey=$canary&passphrase=$canary
sqlite:///good.db?password=$canary#$canary
file:good.db?$canary=$canary
sqlite:/nowhere/good.db?key=$canary
sqlite:good.db?vfs=$canary
sqlite:good.db?mode=$canary
sqlite://me:$canary@host/good.db
nosuch://me:$canary@host/db
me:$canary@host/db
password=$canary
postgresql://me:$canary@127.0.0.1:1/db
postgresql://me:x@$canary@127.0.0.1:1/db
postgresql://me:x/$canary@127.0.0.1:1/db
postgresql://me:x?$canary@127.0.0.1:1/db
postgresql://me:x#$canary@127.0.0.1:1/db
postgresql://me:%$canary@127.0.0.1:1/db
postgresql://me:x "$canary" y@127.0.0.1:1/db
postgresql://127.0.0.1:1/db?pass%77ord=$canary
postgresql://127.0.0.1:1/db?sslmode=$canary
postgresql://127.0.0.1:1/db?sslpassword=$canary&passfile=$canary
postgresql://127.0.0.1:1/db?service=$canary
postgresql://127.0.0.1:1,me:$canary@127.0.0.1:1/db
postgresql:me:$canary@127.0.0.1:1/db
host=127.0.0.1 port=1 password=$canary
host=127.0.0.1 port=1 password = $canary
host=127.0.0.1	port=1	password	=	$canary
host=127.0.0.1 port=1 password='a $canary'
host=127.0.0.1 port=1 password=a\\ $canary
host=127.0.0.1 port=1 password=a $canary
host=127.0.0.1 port=1 password='a $canary
host=127.0.0.1 port=1 pass%77ord=$canary
host=127.0.0.1 port=1 passwort=$canary
host=127.0.0.1 port=1 sslpassword=$canary service=$canary
END
while IFS= read -r url; do
	for way in option variable file; do everywhere "$way" "$url"; done
	# in the wrong place
	look "$url"
	look upgrade "$url"
	look upgrade one "$url"
	look -u sqlite:good.db upgrade "$url"
	look -u sqlite:good.db --json show "$url"
	look -u sqlite:good.db stamp "$url"
	look -u sqlite:good.db upgrade --sql "$url"
	look -d "$url" history
	look -c "$url" history
	look -n "$url" history
	look "--lock-timeout=$url" history
	look "--url$url" history
	look -u sqlite:good.db check --models "$url"
	look -u sqlite:good.db check "--models=$url"
	look -u sqlite:good.db check --models model.sql --scratch-url "$url"
	look -u sqlite:good.db migrate -m x --models "$url"
	look import alembic "$url"
	look import alembic --sql "$url"
	look --app "$url" history
	# in mig.ini, with every mistake that shows a line
	for line in "ulr = $url" "url $url" "$url" "url == $url" "url = %(here)$url" "[mig $url" "url = a
url = $url" "url = a
  $url" "lock_timeout = 1
	$url" "models = $url" "databases = a b
[a]
url = $url
[b]
ulr = $url"; do
		printf '[mig]\n%s\n' "$line" >ini
		look -c ini current
		look -c ini check
	done
	printf '%s\n' "url = $url" >ini
	look -c ini current
done <urls

# what was written
"$mig" -u "sqlite:good.db?key=$canary" -q upgrade
"$mig" -u "sqlite:good.db?key=$canary" -q migrate -m "add u" --models model.sql || true
"$mig" -u "sqlite:good.db?key=$canary" embed -o embedded.c
if grep -ra "$part" good.db migrations embedded.c model.sql; then echo "it is in a file"; exit 1; fi

rm -f migrations/versions/*_add_u.sql
if [ -n "${MIG_TEST_POSTGRESQL-}" ]; then
	name=mig_canary_$$
	psql -qX "$MIG_TEST_POSTGRESQL" -c "CREATE DATABASE $name"
	trap 'psql -qX "$MIG_TEST_POSTGRESQL" -c "DROP DATABASE IF EXISTS $name"; rm -rf "$dir"' EXIT
	base=$(echo "$MIG_TEST_POSTGRESQL" | sed "s|///[a-z]*?|///$name?|")
	query=${base#*\?}
	words="dbname = $name $(echo "$query" | tr '&' ' ') password = 'a $canary'"
	for url in "$base&password=$canary" "$base&pass%77ord=a%20$canary" "$base&passfile=/nowhere/$canary" "$words"; do
		"$mig" -u "$url" -q upgrade
		connected=$((connected + 1))
		for way in option variable; do everywhere "$way" "$url"; done
		look -u "$url" check --models model.sql
		look -u "sqlite:good.db" check --models "$url"
		pg_dump "$base" >dump
		if grep -a "$part" dump; then echo "it is in the database"; exit 1; fi
	done
	# what other sessions and users see of a run
	printf -- '-- two\n-- revision: two\n-- revises: one\n\n-- mig:upgrade\nSELECT pg_sleep(2);\n' >migrations/versions/two.sql
	MIG_URL="$base&password=$canary" "$mig" -q upgrade >out 2>&1 &
	pid=$!
	sleep 1
	psql -qXAt "$base" -c "TABLE pg_stat_activity" >seen
	tr '\0' ' ' <"/proc/$pid/cmdline" >>seen
	cat "/proc/$pid/comm" >>seen
	wait "$pid"
	grep -q libmig seen
	if grep -a "$part" seen out; then echo "others see it"; exit 1; fi
	[ "$connected" = 4 ]
fi
[ "$runs" -gt 2000 ]
echo "$runs runs told nothing"
