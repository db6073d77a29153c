«SELECT 'a;b', ';', '';»
«SELECT 'it''s; fine', ''';''', '''';»
«SELECT 'a backslash \', ';';»
«SELECT E'an escaped \'; quote', e'\\', ';';»
«SELECT E'doubled ''; and escaped \\\'; quotes';»
«SELECT B'0101', X'1F', x'', b'';»
«SELECT N'national;';»
«SELECT U&'d\0061t\+000061; \\', u&''';';»
«SELECT U&"d\0061t;a" FROM t AS U&"d\0061t;a";»
«SELECT u & '; not unicode', e 'no; escape \', f 'type;' FROM t;»
«SELECT 'first;'
	'second;'

'third;', 'x';»
«SELECT N'first'
	'a backslash \', ';';»
«SELECT B'01'
	'10', ';';»
«SELECT 'a' /* not between
parts; 'of one */, ';' AS b;»
«SELECT '
--;
/*;
';»
«SELECT '$$;', $$';$$;»
