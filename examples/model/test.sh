#!/bin/sh
# model: the declared tables as SQL. Usage: test.sh DDL
set -eu
out=$("$1" sqlite::memory:)
for line in "CREATE TABLE users (" "CREATE TABLE tag_notes (" "CONSTRAINT ck_articles_1 CHECK (words >= 0)" \
	"WHERE published IS NOT NULL" "WITHOUT ROWID" "REFERENCES \"article_tags\" (\"article_id\", \"tag_id\")"; do
	echo "$out" | grep -qF "$line" || { echo "$out"; echo "\"$line\" was expected"; exit 1; }
done
