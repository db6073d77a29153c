«SELECT 1e5, 1.5e-5, .5, 5., 1.e+3;»
«SELECT 1e5-- a comment;
	+ 1;»
«SELECT 1.5-- a comment;
;»
«SELECT a[1 : 2], t.a, .5-.25 FROM t;»
«SELECT 1;»«SELECT 2;»
