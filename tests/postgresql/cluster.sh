#!/bin/sh
# A PostgreSQL server for tests: one cluster in a folder, reached by a socket in it, never synced.
# Usage: cluster.sh start FOLDER    makes it (or starts again one that was stopped), prints its URL
#        cluster.sh stop FOLDER     stops it at once and removes the folder
#        cluster.sh folder          makes a folder for one and prints its name
# As root, the server runs as the user postgres or nobody. Exit status 77: no server is installed.
# With MIG_TEST_POSTGRESQL_SYNC it is synced, as a server is by default.
# MIG_TEST_POSTGRESQL_BIN is the folder of the programs of another one than the newest installed.
set -eu

die() {
	echo "cluster.sh: $2" >&2
	exit "$1"
}

server_user() {
	for user in postgres nobody; do
		id "$user" >/dev/null 2>&1 && echo "$user" && return
	done
	die 77 "the server does not run as root, and there is no user postgres or nobody"
}

as_server() {
	if [ -n "$user" ]; then
		runuser -u "$user" -- "$@"
	else
		"$@"
	fi
}

find_programs() {
	bin=${MIG_TEST_POSTGRESQL_BIN-}
	[ -n "$bin" ] || bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t / -k 5 -n | tail -n 1)
	[ -x "$bin/initdb" ] || bin=$(dirname "$(command -v initdb)" 2>/dev/null) || bin=
	[ -x "$bin/initdb" ] || die 77 "no PostgreSQL server is installed"
}

make_cluster() {
	mkdir -p "$folder"
	[ -z "$user" ] || chown "$user" "$folder"
	as_server "$bin/initdb" -D "$folder/data" --no-sync -A trust -E UTF8 \
		--locale=C -U postgres >"$folder/initdb.log" 2>&1 ||
		die 1 "initdb: $(cat "$folder/initdb.log")"
	cat >>"$folder/data/postgresql.conf" <<-END
		listen_addresses = ''
		port = 5432
		unix_socket_directories = '$folder'
		max_connections = 200
		shared_buffers = 32MB
		max_wal_size = 256MB
	END
	[ -n "${MIG_TEST_POSTGRESQL_SYNC-}" ] ||
		printf 'fsync = off\nfull_page_writes = off\n' >>"$folder/data/postgresql.conf"
}

start() {
	# a socket's path has at most 107 bytes
	[ ${#folder} -le 90 ] || die 1 "the path is too long for a socket: $folder"
	case $folder in
	*[!A-Za-z0-9/._-]*) die 1 "a path of letters, digits and /._- is needed: $folder" ;;
	esac
	find_programs
	[ -f "$folder/data/PG_VERSION" ] || make_cluster
	as_server "$bin/pg_ctl" start -s -w -t 60 -D "$folder/data" -l "$folder/log" >&2 ||
		die 1 "the server does not start: $(tail "$folder/log")"
	echo "postgresql:///postgres?host=$folder&user=postgres"
}

stop() {
	[ -d "$folder" ] || return 0
	[ -d "$folder/data" ] || [ -f "$folder/initdb.log" ] || rmdir "$folder" || exit 1
	pid=$(head -n 1 "$folder/data/postmaster.pid" 2>/dev/null) || pid=
	[ -z "$pid" ] || kill -QUIT "$pid" 2>/dev/null || pid=
	i=0
	while [ -n "$pid" ] && [ -f "$folder/data/postmaster.pid" ] && kill -0 "$pid" 2>/dev/null; do
		[ $((i += 1)) -lt 200 ] || { kill -KILL "$pid" && break; }
		sleep 0.05
	done
	rm -rf "$folder"
}

# In memory where there is room for it: the tests make thousands of databases, 300 files each.
folder() {
	room=$(df -k --output=avail /dev/shm 2>/dev/null | tail -n 1)
	if [ "${room:-0}" -gt 3000000 ] && [ -w /dev/shm ]; then
		mktemp -d /dev/shm/mig-test-pg-XXXXXX
	else
		mktemp -d /tmp/mig-test-pg-XXXXXX
	fi
}

[ "$*" != folder ] || { folder && exit; }
[ $# = 2 ] || die 2 "usage: cluster.sh start|stop FOLDER, or cluster.sh folder"
case $2 in
/*) folder=$2 ;;
*) folder=$PWD/$2 ;;
esac
# the server's and the user's own settings stay out
cd /
unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGOPTIONS PGSERVICE PGDATA PGCLIENTENCODING
user=
[ "$(id -u)" != 0 ] || user=$(server_user)
case $1 in
start) start ;;
stop) stop ;;
*) die 2 "usage: cluster.sh start|stop FOLDER, or cluster.sh folder" ;;
esac
