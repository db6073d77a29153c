«SELECT 1;»
«SELECT 2;»-- a comment; to the carriage return«SELECT 3;»«SELECT 4»