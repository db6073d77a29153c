«COPY t FROM stdin;
1	it's; "open $$ /* --
\N	\\.
 \.
\.x
\.
»«SELECT 1;»
«copy s.t (a, "from") from STDIN with (format csv, delimiter ';', header) ; -- data
1;2
\.
»
«COPY t.from FROM STDOUT WHERE a = 1;
\.
»«COPY stdin FROM '/tmp/f';»
«COPY t FROM PROGRAM 'cat; true';»
«COPY t TO STDOUT;»
«COPY (SELECT * FROM stdin) TO stdout;»
«COPY (SELECT a FROM stdin) TO '/tmp/f';»
«COPY "stdin" FROM '/tmp/f' WHERE a IS DISTINCT FROM stdin;»
«SELECT copy FROM stdin;»
«COPY t FROM stdin;

\.»