/* object: small questions about one schema object. Pure. */
#ifndef MIG__SCHEMA_OBJECT_H
#define MIG__SCHEMA_OBJECT_H

#include <mig/attribute.h>
#include <mig/schema.h>

/* The value of an attribute, or NULL. */
const char *mig__attribute(const mig_object *object, const char *key);

/* Whether an attribute is the same in both: both without it, or both with one value. */
int mig__attribute_same(const mig_object *a, const mig_object *b, const char *key);

/* Whether all attributes that are compared are the same. */
int mig__attributes_same(const mig_object *a, const mig_object *b);

/* The first child of a kind and a name (NULL: any), or NULL. */
const mig_object *mig__child(const mig_object *object, int32_t kind, const char *name);

/* The table (type, view, sequence, ...) that the object belongs to: the top of its parents, or the
 * object itself. */
const mig_object *mig__top(const mig_object *object);

/* A kind in words; static. */
const char *mig__kind_name(int32_t kind);
/* Whether the word is a kind that a pattern of names can be about: of what stands by itself. */
int mig__kind_is_pattern(const char *text, size_t size);
/* Those, with ", " between them. */
const char *mig__kind_patterns(void);

#endif
