«SELECT $$a;b$$;»
«SELECT $a$b;$$;$b$;$a$;»
«SELECT $a$ $$a$;»
«SELECT $a$ $a $a$;»
«SELECT $a$ $aa$; $aa$a$;»
«SELECT $abc$ $ab$; $abcd$; $ABC$; $abc$;»
«SELECT $_$;$_$, $_1$;$_1$, $é$;$é$;»
«SELECT $$ 'open; "open /* open -- $$;»
«SELECT $$
-- it's; $$, '';»
«SELECT $1, $2;»
«SELECT $1+$2, ';';»
«SELECT $$$$, $a$$a$, ';';»
«CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $body$
DECLARE
	s text := $q$;$q$;
BEGIN
	RETURN 1; -- $$ ;
END;
$body$;»
«DO $$ BEGIN PERFORM 1; END $$;»
«DO LANGUAGE plpgsql $do$ BEGIN NULL; END; $do$»
