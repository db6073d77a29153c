/* magazine: what the program's code expects of its database. */
#ifndef MAGAZINE_H
#define MAGAZINE_H

#include <mig/model.h>

extern const mig_schema_def magazine;

#endif
