#!/bin/bash
# completion.sh MIG: bash offers commands, options and revisions; zsh and fish read their files, where they are
# installed.
set -eu
mig=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for shell in bash zsh fish; do "$mig" completion $shell >"$dir/$shell"; done
if command -v zsh >/dev/null; then zsh -n "$dir/zsh"; fi
if command -v fish >/dev/null; then fish -n "$dir/fish"; fi
! "$mig" completion tcsh 2>/dev/null

source "$dir/bash"
# offers WORD... "=>" WANTED...: among what is offered behind the words are these
offers() {
	COMP_WORDS=(mig)
	while [ "$1" != "=>" ]; do COMP_WORDS+=("$1"); shift; done
	shift
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_mig
	for want; do
		case " ${COMPREPLY[*]-} " in
		*" $want "*) ;;
		*) echo "${COMP_WORDS[*]}: ${COMPREPLY[*]-} has no $want"; exit 1 ;;
		esac
	done
}
offers up "=>" upgrade
[ "${#COMPREPLY[@]}" = 1 ]
offers "" "=>" init upgrade downgrade history
offers upgrade --s "=>" --sql
offers upgrade -- "=>" --per-revision --url --quiet
offers -q migrate --r "=>" --rename --rev-id
offers --d "=>" --directory
offers nothing "" "=>" init
# revisions of the environment in this folder
cd "$dir"
PATH=$(dirname "$mig"):$PATH
mig init -q
mig revision -q -m "say -> it" --rev-id aaaa >/dev/null
mig revision -q -m two --rev-id abcd >/dev/null
offers upgrade a "=>" aaaa abcd
[ "${#COMPREPLY[@]}" = 2 ]
offers show h "=>" head heads
echo "the shells complete"
