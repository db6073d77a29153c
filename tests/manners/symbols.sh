#!/bin/sh
# symbols.sh LIBRARY…: what the libraries take from outside, and what they could write to. A library in
# somebody's program prints nothing, ends nothing, and leaves signals, locale and environment alone.
set -eu
failed=0
complain() {
	echo "$1: $2"
	failed=1
}
for so in "$@"; do
	name=$(basename "$so")
	used=$(nm -D --undefined-only "$so" | awk '{ sub(/@.*/, "", $NF); print $NF }')
	case "$used" in *__asan* | *__tsan* | *__ubsan*) echo "$name: built with a sanitizer, not looked at"; continue ;; esac
	for symbol in $used; do
		case "$symbol" in
		printf | vprintf | fprintf | vfprintf | puts | putchar | fputs | fputc | perror | __printf_chk | __fprintf_chk | __vfprintf_chk | stdout | stderr | stdin)
			complain "$name" "prints: $symbol" ;;
		exit | _exit | quick_exit | abort | __assert_fail | atexit | on_exit)
			complain "$name" "ends the program: $symbol" ;;
		signal | sigaction | sigprocmask | pthread_sigmask | alarm | setitimer | raise | kill)
			complain "$name" "touches signals: $symbol" ;;
		setlocale | uselocale | putenv | setenv | unsetenv | clearenv | getenv | environ | chdir | umask)
			complain "$name" "touches the process: $symbol" ;;
		fork | vfork | system | popen | posix_spawn | execve)
			complain "$name" "starts programs: $symbol" ;;
		localtime | gmtime | ctime | asctime | strtok | rand | srand | getpwuid | getlogin)
			complain "$name" "is not safe in threads: $symbol" ;;
		esac
	done
	# variables that could change: none but what the compiler puts into every library, and what is
	# remembered of the processor, which is no state of anything
	globals=$(objdump -t "$so" | awk '/ \.(data|bss)\t/ && $NF !~ /^(completed\.[0-9]+|mig__processor|__dso_handle|__TMC_END__|\.data|\.bss)$/ { print $NF }')
	[ -z "$globals" ] || complain "$name" "has global variables: $globals"
done
exit "$failed"
