# What a Debian 12 machine needs, and how it gets there. To be sourced.
build_packages="gcc libc6-dev meson ninja-build pkg-config python3 libjansson-dev"
sqlite_packages="libsqlite3-dev"
postgresql_packages="libpq-dev"
test_packages="g++ libmd-dev tzdata groff abigail-tools alembic cmake libcmocka-dev sqlite3 libsqlcipher-dev locales python3 python3-jsonschema tmux util-linux"
ffi_packages="python3-cffi libffi-platypus-perl luajit nodejs golang-go rustc"
server_packages="postgresql postgresql-client pgbouncer libpg-query-dev"
ci_packages="fish zsh clang libclang-rt-14-dev valgrind man-db gcc-mingw-w64-x86-64 gcc-mingw-w64-i686"

need_packages() {
	missing=""
	for p in "$@"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
	done
	[ -z "$missing" ] && return 0
	echo "Installing:$missing"
	sudo=""
	[ "$(id -u)" = 0 ] || sudo=sudo
	log=$(mktemp)
	if ! { $sudo apt-get update && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}
