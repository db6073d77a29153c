#!/bin/sh
# No function whose answer depends on the host's locale is called in lib/: base/ascii.h and
# base/number.h have the ones to use. strerror() only makes words for people.
set -eu
cd "$1"
names='strn?casecmp|strcasestr|strn?casecmp_l|strcoll|strxfrm|to(lower|upper)|is(alpha|alnum|digit|space|upper|lower|print|xdigit|punct|cntrl|graph|blank)|isw[a-z]+|tow[a-z]+|mbs?r?towcs?|wcs?r?tombs?|wcwidth|atof|strto(d|f|ld)|[fs]?scanf|strptime|localeconv|setlocale|nl_langinfo|regcomp|fnmatch|glob'
if grep -nE "(^|[^A-Za-z0-9_.>'\"])($names)[ ]*\(|strftime[(][^\"]*\"[^\"]*%[aAbBcEhOpPrxXZ+]|<(strings|ctype|wctype|wchar|locale|regex)\.h>|(==|\?|:|=) *strn?casecmp" \
	$(find lib -name '*.[ch]' ! -path lib/base/number.c) | grep -vE ':[ ]*(/\*| \*)'; then
	echo "use base/ascii.h or base/number.h: these depend on the host's locale"
	exit 1
fi
