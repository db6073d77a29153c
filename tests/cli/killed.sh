#!/bin/sh
# killed.sh MIG SHIM: a command that writes files is killed at each call that changes one, and in the middle of each
# write: every file of the folder is there whole or not at all, every command still works, and the same command does its
# work when it is repeated. Then each of these calls fails once, as on a full disk: nothing is left behind.
set -eu
mig=$1 shim=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MIG_URL MIG_CONFIG MIG_APP MIG_DIRECTORY
cd "$dir"
mkdir before
(
	cd before
	"$mig" init >/dev/null
	"$mig" -q revision -m one --rev-id one >/dev/null
	"$mig" -q revision -m "two a" --rev-id twoa --head one >/dev/null
	"$mig" -q revision -m "two b" --rev-id twob --head one --splice >/dev/null
	echo 'CREATE TABLE t (x INTEGER);' >model.sql
	"$mig" -u sqlite:app.db -q upgrade heads
	"$mig" embed -o embedded.c
	echo 'INSERT INTO alembic_version VALUES (1);' >scrap
	printf 'old' >old.c
)
kills=0

# the text of all files that a reader sees
seen() {
	find . -name '.mig-*' -prune -o -name '*.db*' -prune -o -type f -print | sort | while read -r file; do
		# but for the time of its making
		echo "$(sed '/^-- created:/d' "$file" | cksum) $file"
	done
}

# whole WHAT: each file is one of before or after
whole() {
	seen >"$dir/now"
	sort "$dir/now" >"$dir/now.sorted"
	sort -u "$dir/before.seen" "$dir/after.seen" | comm -13 - "$dir/now.sorted" >"$dir/half"
	[ ! -s "$dir/half" ] || { echo "$1: half a file:"; cat "$dir/half"; exit 1; }
}

works() {
	for command in history "-u sqlite:app.db current" "-u sqlite:app.db plan heads" "embed -o /dev/null"; do
		[ -d migrations/versions ] || continue
		"$mig" $command >"$dir/said" 2>&1 || { echo "$1: then \"mig $command\" fails"; cat "$dir/said"; exit 1; }
	done
}

# attack NAME COMMAND...
attack() {
	name=$1
	shift
	rm -rf work
	cp -a before work
	[ "$name" != init ] || rm -r work/migrations work/app.db
	cd work
	seen | sort >"$dir/before.seen"
	"$mig" "$@" >"$dir/said" 2>&1 || { echo "$name"; cat "$dir/said"; exit 1; }
	seen | sort >"$dir/after.seen"
	! find . -name '.mig-*' | grep . || { echo "$name leaves a temporary file"; exit 1; }
	cd ..
	for half in 0 1; do
		at=0 status=137
		while [ $status = 137 ]; do
			at=$((at + 1))
			rm -rf work
			cp -a before work
			[ "$name" != init ] || rm -r work/migrations work/app.db
			cd work
			status=0
			KILL_AT=$at KILL_HALF=$half LD_PRELOAD=$shim "$mig" "$@" >/dev/null 2>&1 || status=$?
			[ $status != 137 ] || kills=$((kills + 1))
			whole "$name, killed at $at"
			[ $status != 137 ] || works "$name, killed at $at"
			if [ $status = 137 ] && ! cmp -s "$dir/now.sorted" "$dir/after.seen"; then
				"$mig" "$@" >"$dir/said" 2>&1 || { echo "$name, killed at $at, then again:"; cat "$dir/said"; exit 1; }
				seen | sort | cmp -s - "$dir/after.seen" || { echo "$name, killed at $at, then again: another result"; exit 1; }
			fi
			cd ..
			# halves of writes alone: the others go on
			[ $half = 0 ] || [ $at -ge 24 ] || status=137
		done
	done
	# ENOSPC; whether the folder is synced is nobody's fault
	at=0
	while [ $at -lt 24 ]; do
		at=$((at + 1))
		rm -rf work
		cp -a before work
		[ "$name" != init ] || rm -r work/migrations work/app.db
		cd work
		status=0
		KILL_AT=$at KILL_FAIL=28 LD_PRELOAD=$shim "$mig" "$@" >"$dir/said" 2>&1 || status=$?
		whole "$name, $at fails"
		if [ $status != 0 ]; then
			grep -q "No space left on device" "$dir/said" || { echo "$name, $at fails:"; cat "$dir/said"; exit 1; }
			# of two files, the first may be there
			[ "$name" = embed ] || cmp -s "$dir/now.sorted" "$dir/before.seen" || {
				echo "$name, $at fails: the files are others"
				diff "$dir/before.seen" "$dir/now.sorted"
				exit 1
			}
		else
			cmp -s "$dir/now.sorted" "$dir/after.seen" || { echo "$name, $at fails: not done, and no error"; exit 1; }
		fi
		! find . -name '.mig-*' | grep . || { echo "$name: $at fails, a temporary file stays"; exit 1; }
		cd ..
	done
}

attack revision revision -m three --rev-id three --head twoa
attack merge merge -m joined --rev-id joined
attack migrate -u sqlite:app.db migrate -m "add t" --rev-id addt --models model.sql --head twob
attack embed embed -o old.c --header old.h
attack init init

cd before
# a file that is as it should be keeps its time
touch -d 2001-01-01 embedded.c
"$mig" embed -o embedded.c
[ "$(stat -c %Y embedded.c)" = "$(date -d 2001-01-01 +%s)" ] || { echo "an identical file was written again"; exit 1; }
# one that ends as it should is another
{ head -c 4096 /dev/zero && cat embedded.c; } >longer.c
"$mig" embed -o longer.c
cmp longer.c embedded.c
{ cat embedded.c && echo; } >longer.c
"$mig" embed -o longer.c
cmp longer.c embedded.c
head -c 100 embedded.c >longer.c
"$mig" embed -o longer.c
cmp longer.c embedded.c
# no link is followed, neither the target nor a name that could be foreseen
echo precious >precious
ln -s precious link.c
ln -s nowhere dangling.c
for link in link.c dangling.c; do
	status=0
	"$mig" embed -o $link 2>"$dir/said" || status=$?
	[ $status = 1 ] && grep -q "symbolic link" "$dir/said" && [ -L $link ] && [ ! -e nowhere ] || { cat "$dir/said"; exit 1; }
done
[ "$(cat precious)" = precious ]
ln -s ../../precious migrations/versions/four_four.sql
status=0
"$mig" revision -m four --rev-id four --head twoa 2>"$dir/said" || status=$?
rm migrations/versions/four_four.sql
[ $status = 1 ] && [ "$(cat precious)" = precious ]
# as umask says
umask 027
"$mig" embed -o mode.c
[ "$(stat -c %a mode.c)" = 640 ]
# pipes are written to
mkfifo pipe
cat pipe >piped &
"$mig" embed -o pipe
wait
cmp piped embedded.c
[ "$kills" -gt 50 ]
echo "$kills kills left whole files"
