«SELECT 1 +-- a comment;
	2;»
«SELECT 1 */* a comment; */ 2;»
«SELECT 1 @-/* a comment; */ 2;»
«SELECT a::text, b::int[] FROM t;»
«SELECT f(a => 1, b := 2);»
«SELECT a[1:2], a[:1], a[ : ] FROM t;»
«SELECT a ->> 'b;', a #>> '{c;d}', a @> '{}', a ?| b, a <-> b FROM t;»
«SELECT a OPERATOR(pg_catalog.+) b FROM t;»
«SELECT @ -1, !! 2, a ~* 'x;' FROM t;»
«CREATE OPERATOR <@-- ;
	(FUNCTION = f, LEFTARG = int);»
«CREATE OPERATOR #- (FUNCTION = f, LEFTARG = int, RIGHTARG = int);»
