#!/bin/sh
# accept.sh [SOURCE]: what the headers and version scripts say now is the ABI that gate.sh keeps. To be run
# after its report was read, and with a line in docs/abi.md that says what has changed. New functions get
# their lines in the version scripts and in docs/abi-symbols.txt.
set -eu
cd "${1:-$(dirname "$0")/../..}"
python3 tests/abi/declare.py
rm -f tests/abi/baseline/mig/*.h
cp include/mig/*.h tests/abi/baseline/mig/
sort docs/abi-symbols.txt >tests/abi/baseline/symbols.txt
python3 tests/abi/surface.py --places include >tests/abi/places.h.new
mv tests/abi/places.h.new tests/abi/places.h
