/* mig/schema.h: schema objects, and operations that change them, as plain data.
 *
 * A schema is a list of objects: tables, columns, indexes, views, ... Each has a kind, a schema, a
 * name, a parent (a column's is its table) and attributes, which are pairs of texts. Two objects of
 * one kind, parent and name are the same object; where an attribute differs, it was changed. So one
 * comparison serves every kind of every dialect, and a dialect alone knows what its attributes
 * mean, but for those of mig/attribute.h.
 *
 * The same data is what a dialect reads from a database and turns into SQL (mig/dialect.h), what
 * mig_diff() returns, and what hooks of autogenerate see (mig/model.h). */
#ifndef MIG_SCHEMA_H
#define MIG_SCHEMA_H

#include <mig/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of schema object. New ones are only ever added. */
enum mig_kind {
	MIG_KIND_SCHEMA = 1,
	MIG_KIND_EXTENSION = 2,
	MIG_KIND_COLLATION = 3,
	MIG_KIND_ENUM = 4,      /**< an enumerated type */
	MIG_KIND_DOMAIN = 5,    /**< has DEFAULT and CHECK as children */
	MIG_KIND_COMPOSITE = 6, /**< a row type; has COLUMNs as children */
	MIG_KIND_RANGE = 7,     /**< a range type */
	MIG_KIND_SEQUENCE = 8,
	MIG_KIND_TABLE = 9,
	MIG_KIND_COLUMN = 10,  /**< of a table, in order */
	MIG_KIND_DEFAULT = 11, /**< of a column; named as the column */
	MIG_KIND_PRIMARY_KEY = 12,
	MIG_KIND_UNIQUE = 13,
	MIG_KIND_FOREIGN_KEY = 14,
	MIG_KIND_CHECK = 15,
	MIG_KIND_EXCLUSION = 16,
	MIG_KIND_INDEX = 17, /**< not those that a constraint has of its own */
	MIG_KIND_VIEW = 18,
	MIG_KIND_MATERIALIZED_VIEW = 19,
	MIG_KIND_FUNCTION = 20,  /**< named with its argument types: add(integer, integer) */
	MIG_KIND_PROCEDURE = 21, /**< likewise */
	MIG_KIND_AGGREGATE = 22, /**< likewise */
	MIG_KIND_TRIGGER = 23,   /**< of a table or view */
	MIG_KIND_RULE = 24,      /**< of a table or view */
	MIG_KIND_POLICY = 25,    /**< of a table */
	MIG_KIND_STATISTICS = 26,
	MIG_KIND_EVENT_TRIGGER = 27,
	MIG_KIND_INHERITANCE = 28, /**< of a table or index: that it is a partition or a child of
				      another; named as that one */
	MIG_KIND_OWNERSHIP = 29,   /**< of a sequence: that a column owns it */
	MIG_KIND_REPLICA_IDENTITY = 30, /**< of a table: that replication uses one of its indexes */
	/** Of a kind without a number of its own, compared by its definition; its name says what it is:
	 * "operator public.=== (text, text)". */
	MIG_KIND_OTHER = 31,
	MIG_KIND_ENUM_VALUE = 32 /**< of an enum; only in MIG_OP_RENAME */
};

/** One attribute. Keys are static ASCII words; a key that begins with "." is for information and
 * is not compared. An attribute that is not there differs from every value. */
typedef struct mig_attribute {
	const char *key; /**< e.g. MIG_ATTR_TYPE; never NULL */
	const char *value; /**< never NULL */
} mig_attribute;

enum mig_object_flag {
	/** Has no name of its own; name is then made of what it is, e.g. "CHECK (a > 0)". */
	MIG_OBJECT_UNNAMED = 1,
	/** Is there because of another object (a partition's copy of its parent's index): comes
	 * and goes with it, and is not compared. */
	MIG_OBJECT_INHERITED = 2
};

typedef struct mig_object mig_object;

/** A schema object. The members below the line are set by libmig, and zero in what a dialect
 * reports. */
struct mig_object {
	/** sizeof(mig_object) of its maker: read no member beyond it */
	size_t struct_size;
	int32_t kind;       /**< enum mig_kind */
	uint32_t flags;     /**< enum mig_object_flag */
	const char *schema; /**< "" where there are none, and for what is in no schema */
	const char *name;   /**< as it is, not quoted */
	const mig_attribute *attributes; /**< in no order; NULL if there are none */
	size_t attribute_count; /**< entries of attributes */
	/* ---- */
	const mig_object *parent; /**< what it is part of; NULL at the top */
	const mig_object *child; /**< first of its children, in the order reported */
	const mig_object *next;  /**< its parent's next child; at the top: the next object */
	const mig_object
		*other; /**< the same object in the other schema of a comparison, or NULL */
	const mig_object *const *needs; /**< what it needs to exist */
	size_t need_count; /**< entries of needs */
};

/** What an operation does. */
enum mig_op_type {
	MIG_OP_CREATE = 1,
	MIG_OP_DROP = 2,
	MIG_OP_ALTER = 3, /**< in place: from and to differ in attributes */
	MIG_OP_RENAME = 4 /**< from and to differ in the name alone */
};

enum mig_op_flag {
	MIG_OP_DESTRUCTIVE = 1, /**< loses data that the reverse cannot bring back */
	/** One of a pair that drops an object and creates it again: because it cannot be altered in
	 * place, or to make room for the change of another that it depends on. */
	MIG_OP_REPLACE = 2
};

/** One operation. Its reverse is the same with from and to exchanged. */
typedef struct mig_op {
	size_t struct_size; /**< bytes of what is there: read no member beyond it */
	int32_t type;           /**< enum mig_op_type */
	uint32_t flags;         /**< enum mig_op_flag */
	const mig_object *from; /**< as it was before; NULL: MIG_OP_CREATE */
	const mig_object *to;   /**< as it is after; NULL: MIG_OP_DROP */
	/** MIG_OP_CREATE: what the same statement creates as well: of a table all its columns, which are
	 * children of `to` and not listed here, and of its other children and theirs (defaults,
	 * constraints) those that are. */
	const mig_object *const *parts;
	size_t part_count; /**< entries of parts */
} mig_op;

/** The value of an attribute, or NULL. Borrowed from the object. Since 0.1.0. */
MIG_API const char *mig_object_attribute(const mig_object *object, const char *key);
/** A kind in words, e.g. "foreign key"; "object" for an unknown one. Static. Since 0.1.0. */
MIG_API const char *mig_kind_name(int32_t kind);

#ifdef __cplusplus
}
#endif
#endif
