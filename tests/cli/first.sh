#!/bin/sh
# first.sh MIG [CLUSTER]: the first minute. From nothing to a migrated database, a change, and back, by commands alone, on
# SQLite and, with CLUSTER, on PostgreSQL; every key of the mig.ini that init writes is one; where the search for mig.ini
# ends; what a user without rights is told.
set -eu
mig=$1 cluster=${2:-}
dir=$(mktemp -d)
server=""
mounted=""
clean() {
	cd /
	[ -z "$mounted" ] || umount "$mounted"
	[ -z "$server" ] || sh "$cluster" stop "$server"
	chmod -R u+rwx "$dir"
	rm -rf "$dir"
}
trap clean EXIT
unset MIG_URL MIG_CONFIG MIG_APP MIG_DIRECTORY
export HOME=/nowhere
chmod 755 "$dir"

fail() {
	echo "$1" >&2
	[ ! -s "$dir/said" ] || cat "$dir/said" >&2
	exit 1
}
# says STATUS WORDS COMMAND...
says() {
	want=$1 words=$2 status=0
	shift 2
	"$@" >"$dir/said" 2>&1 </dev/null || status=$?
	[ "$status" = "$want" ] || fail "$*: status $status, not $want"
	[ -z "$words" ] || grep -qF -- "$words" "$dir/said" || fail "$*: without \"$words\""
}

# the six steps, counting commands; nothing but the model is edited
steps() {
	count=0
	step() {
		"$mig" "$@" >"$dir/said" 2>&1 || fail "mig $*"
		count=$((count + 1))
	}
	mkdir "$dir/$1"
	cd "$dir/$1"
	printf 'CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL);\n' >schema.sql
	step init --url "$2"
	step migrate -m "Initial migration"
	step upgrade
	printf 'CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL, email VARCHAR(120));\n' >schema.sql
	step migrate -m "add email"
	step upgrade
	step downgrade
	step upgrade
	step history
	[ "$(wc -l <"$dir/said")" = 2 ] || fail "not two revisions"
	says 0 "nothing to do" "$mig" status --check
	echo "$1: $count commands, no edit but of the model"
}
steps sqlite sqlite:app.db
if [ -n "$cluster" ]; then
	server=$(sh "$cluster" folder)
	url=$(sh "$cluster" start "$server") && steps postgresql "$url" || [ $? = 77 ]
fi

# every key that init shows is one
mkdir "$dir/keys"
cd "$dir/keys"
"$mig" -q init --no-input
sed -i 's/^;\([a-z_]* = \)/\1/; s/^databases = .*//; s/^app = /;app = /' mig.ini
[ "$(grep -c '^[a-z_]* = ' mig.ini)" -ge 22 ] || fail "mig.ini shows few keys"
says 0 "" "$mig" heads

# a working folder that is gone, one above that cannot be entered, no $HOME, no way up
mkdir -p "$dir/gone/a" "$dir/shut/a/b"
cd "$dir/gone/a"
rmdir "$dir/gone/a"
says 1 "there is no mig.ini and no folder" "$mig" heads
cd "$dir/shut/a/b"
(unset HOME; says 1 "there is no mig.ini and no folder" "$mig" heads)
cd /
says 1 "there is no mig.ini and no folder" "$mig" heads
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	# it is root's, so it may be used, unless somebody may write it
	cd "$dir/shut"
	printf '[mig]\nurl = sqlite:root.db\n' >mig.ini
	mkdir -p migrations/versions
	cd a/b
	says 0 "<base>" $as "$mig" current
	chown 65534 "$dir/shut/mig.ini"
	says 0 "warning: ../../mig.ini is left alone: it belongs to another user; to use it, say -c ../../mig.ini" "$mig" heads
	says 0 "<base>" $as "$mig" current
	chown 0 "$dir/shut/mig.ini"
	chmod 700 "$dir/shut"
	says 1 "there is no mig.ini and no folder" $as "$mig" heads
	chmod 755 "$dir/shut"
	# a folder that may not be written
	printf -- '-- revision: a\n-- mig:upgrade\n' >"$dir/shut/migrations/versions/a.sql"
	says 1 "unable to open database file (Permission denied)" $as "$mig" upgrade
	says 1 "hint: the user that runs this must be allowed to write" $as "$mig" upgrade
	rm "$dir/shut/mig.ini"
	cd "$dir"
	says 1 "Permission denied" $as "$mig" init --no-input
fi
# the file system's border
if [ "$(id -u)" = 0 ]; then
	mkdir -p "$dir/out/in/deep"
	printf '[mig]\nurl = sqlite:out.db\n' >"$dir/out/mig.ini"
	mkdir -p "$dir/out/migrations/versions"
	cd "$dir/out/in"
	says 0 "<base>" "$mig" current
	cd "$dir"
	if mount -t tmpfs none "$dir/out/in" 2>/dev/null; then
		mounted=$dir/out/in
		mkdir "$dir/out/in/deep"
		cd "$dir/out/in/deep"
		says 2 "there is no mig.ini and no folder" "$mig" current
		cd "$dir/out/in"
		says 2 "there is no mig.ini and no folder" "$mig" current
		cd "$dir"
		umount "$mounted"
		mounted=""
	else
		echo "no tmpfs may be mounted here: the border was not tried"
	fi
fi
# $HOME is looked at, and nothing above it
mkdir -p "$dir/home/me/project"
printf '[mig]\nurl = sqlite:above.db\n' >"$dir/home/mig.ini"
cd "$dir/home/me/project"
(HOME=$dir/home/me; says 2 "there is no mig.ini and no folder" "$mig" current)
(HOME=$dir/home/me/project; says 2 "there is no mig.ini and no folder" "$mig" current)
ln -s "$dir/home" "$dir/link"
(HOME=$dir/link/me; says 2 "there is no mig.ini and no folder" "$mig" current)
printf '[mig]\nurl = sqlite:home.db\nversion_locations = .\n' >"$dir/home/me/mig.ini"
(HOME=$dir/home/me; says 0 "<base>" "$mig" current)

# on a terminal the two questions are asked
if command -v script >/dev/null; then
	mkdir "$dir/asked"
	cd "$dir/asked"
	printf 'sqlite:mine.db\nmodel.sql\n' | script -qec "'$mig' init" /dev/null >"$dir/said" 2>&1
	grep -q '^url = sqlite:mine.db' mig.ini && grep -q '^models = model.sql' mig.ini || fail "the answers are not in mig.ini"
	rm -r mig.ini migrations
	touch one.db schema.sql
	printf '\n\n' | script -qec "'$mig' init" /dev/null >"$dir/said" 2>&1
	grep -q '^url = sqlite:one.db' mig.ini && grep -q '^models = schema.sql' mig.ini || fail "what was found is not in mig.ini"
	# a screen of 40 columns: no line is longer, and the command that comes next is whole
	printf -- '-- a message that is much longer than such a narrow screen is wide\n-- revision: a\n-- mig:upgrade\n' \
		>migrations/versions/a.sql
	for columns in 40 80; do
		TERM=xterm script -qec "stty cols $columns; '$mig' status" /dev/null >"$dir/said" 2>&1 </dev/null || true
		sed 's/\x1b\[[0-9;]*m//g; s/\r//' "$dir/said" >"$dir/plain"
		[ "$(awk 'length > max { max = length } END { print max }' "$dir/plain")" -le $columns ] || fail "wider than $columns"
		grep -q '^Next       mig upgrade$' "$dir/plain" || fail "no next command in $columns columns"
		grep -q "$(printf '\033')" "$dir/said" || fail "no colour"
	done
	grep -q 'a message that is much longer than such a narrow screen' "$dir/plain" || fail "cut too early"
fi
echo "first: good"
