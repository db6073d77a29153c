;; ;
	 -- nothing here; really
/* nor; here */ ; «SELECT 1;»;;«SELECT 2;» /* between */ ; -- and
«SELECT
	3 -- inside; it
	;»
«SELECT 4 /* inside; too */;» -- behind; it
«SELECT 5» -- the last one has no semicolon;
  /* ; */
