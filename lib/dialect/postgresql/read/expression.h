/* expression: what read_expression.c and read_operator.c share. */
#ifndef MIG__PG_READ_EXPRESSION_H
#define MIG__PG_READ_EXPRESSION_H

#include "dialect/postgresql/read/read.h"

/* A part of an expression, as the server prints it inside of another. */
struct mig__read_value {
	const char *text; /* of a string that has no type yet: the string */
	uint8_t class;    /* enum mig__read_class */
	uint8_t string;   /* it has no type yet */
	uint8_t array, function, all_and, all_or;
	const struct mig__read_type *type; /* of a column */
};

/* NULL: not known. Made of text and numbers: text is kept. */
const char *mig__read_made(struct mig__reader *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* 'it''s'::text */
const char *mig__read_constant(struct mig__reader *r, const char *string, const char *type);
/* Gives both the types that the server's operator for them takes. 0: not known. */
int mig__read_unify(struct mig__reader *r, struct mig__read_value *left,
		    struct mig__read_value *right);
/* column IN (...), = ANY (ARRAY[...]): the list as the server makes it. */
int mig__read_list(struct mig__reader *r, struct mig__read_value *left,
		   struct mig__read_value *items, size_t count, const char **out);
/* value::type. */
int mig__read_cast(struct mig__reader *r, struct mig__read_value *value,
		   const struct mig__read_type *type);
/* To text, as functions of texts have it. */
int mig__read_as_text(struct mig__reader *r, struct mig__read_value *value);

#endif
