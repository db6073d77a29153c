«SELECT 'an escaped \'; quote';»
«SELECT '\\', ';';»
«SELECT '\'', ';';»
«SELECT N'an escaped \'; quote';»
«SELECT B'\', X'\', ';';»
«SELECT U&'\', ';';»
«SELECT "a\", ";";»
«SELECT $$\$$, ';';»
«SELECT 'a'
	'and \'; escaped';»
«SELECT E'\';' AS e;»
