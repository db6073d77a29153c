#!/bin/sh
# What the attacks need beside a PostgreSQL server that tests/postgresql/cluster.sh has started.
# Usage: server.sh standby PRIMARY FOLDER        copies the cluster in the folder PRIMARY; start and
#                                                stop the copy by cluster.sh
#        server.sh pooler SERVER FOLDER MODE     pgbouncer before the server with its socket in SERVER
#        server.sh stop-pooler FOLDER
# As root, all of it runs as the user postgres or nobody. Exit status 77: it is not installed.
set -eu

user=
if [ "$(id -u)" = 0 ]; then
	for u in postgres nobody; do
		[ -n "$user" ] || ! id "$u" >/dev/null 2>&1 || user=$u
	done
fi
as_server() {
	if [ -n "$user" ]; then
		runuser -u "$user" -- "$@"
	else
		"$@"
	fi
}
make_folder() {
	mkdir -p "$1"
	[ -z "$user" ] || chown "$user" "$1"
}

cd /
unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGOPTIONS PGSERVICE PGDATA PGCLIENTENCODING
case $1 in
standby)
	bin=${MIG_TEST_POSTGRESQL_BIN-}
	[ -n "$bin" ] || bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t / -k 5 -n | tail -n 1)
	[ -x "$bin/pg_basebackup" ] || [ -z "${MIG_TEST_POSTGRESQL_BIN-}" ] || exit 77
	[ -x "$bin/pg_basebackup" ] || bin=$(dirname "$(command -v pg_basebackup)") || exit 77
	make_folder "$3"
	as_server "$bin/pg_basebackup" -h "$2" -U postgres -D "$3/data" -R -c fast --no-sync >&2
	echo "unix_socket_directories = '$3'" >>"$3/data/postgresql.conf"
	;;
pooler)
	pgbouncer=$(command -v pgbouncer || command -v /usr/sbin/pgbouncer) || exit 77
	make_folder "$3"
	cat >"$3/pgbouncer.ini" <<-END
		[databases]
		* = host=$2 port=5432 user=postgres
		[pgbouncer]
		listen_port = 6432
		unix_socket_dir = $3
		auth_type = any
		admin_users = postgres
		pool_mode = $4
		default_pool_size = 20
		max_client_conn = 100
		ignore_startup_parameters = extra_float_digits,options
		pidfile = $3/pid
		logfile = $3/log
	END
	chmod 644 "$3/pgbouncer.ini"
	as_server "$pgbouncer" -q -d "$3/pgbouncer.ini" >&2
	i=0
	while [ ! -S "$3/.s.PGSQL.6432" ]; do
		[ $((i += 1)) -lt 200 ] || exit 1
		sleep 0.02
	done
	;;
stop-pooler)
	[ ! -f "$2/pid" ] || kill -KILL "$(cat "$2/pid")" 2>/dev/null || true
	rm -rf "$2"
	;;
*)
	exit 2
	;;
esac
