/* kind: what mig/schema.h exports about objects. */
#include "schema/object.h"

const char *mig_kind_name(int32_t kind)
{
	return mig__kind_name(kind);
}

const char *mig_object_attribute(const mig_object *object, const char *key)
{
	return object && key ? mig__attribute(object, key) : NULL;
}
