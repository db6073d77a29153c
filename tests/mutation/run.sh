#!/bin/sh
# run.sh [OPTION...]: changes lib/ at random, one place at a time, and prints which changes the tests notice. By hand; see
# README.md.
set -eu
exec python3 "$(dirname "$0")/mutate.py" "$@"
