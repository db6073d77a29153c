«SELECT "a;b", "it""s; fine", """;";»
«SELECT "a'b;", 'a"b;';»
«SELECT "back\", ";" FROM "slash\";»
«CREATE TABLE "--;" ("/*" int, "$$" int);»
«SELECT a$b$, c$$ FROM t$1;»
«SELECT größe$;»
«SELECT é$é$, ';' FROM naïve;»
«SELECT _$a$, ';' FROM t;»
«SELECT a.b, a."b;", a[1] FROM a;»
