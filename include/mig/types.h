/* mig/types.h: what every other header of libmig shares: the export mark, status codes, values.
 *
 * Applications include <mig/mig.h>, dialect authors <mig/dialect.h>; both include this file. */
#ifndef MIG_TYPES_H
#define MIG_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* Which library a function is in: MIG_API in libmig, MIG_CLI_API in libmig-cli, MIG_DIALECT_API in a
 * dialect's module; MIG_EXPORT is for what a module of the program's own defines: the table of a dialect,
 * mig_app_setup(). A program defines none of the macros below, but MIG_STATIC if it links libmig.a (which
 * pkg-config and CMake say). Windows has to know who is compiling: MIG_BUILD_CORE, MIG_BUILD_CLI and
 * MIG_BUILD_DIALECT are libmig, libmig-cli and one of libmig's dialects themselves. */
#if defined(_WIN32)
#define MIG_EXPORT __declspec(dllexport)
#define MIG_IMPORT __declspec(dllimport)
#elif defined(__GNUC__)
#define MIG_EXPORT __attribute__((visibility("default")))
#define MIG_IMPORT MIG_EXPORT
#else
#define MIG_EXPORT
#define MIG_IMPORT
#endif

#if defined(MIG_STATIC)
#define MIG_API
#elif defined(MIG_BUILD_CORE)
#define MIG_API MIG_EXPORT
#elif defined(MIG_BUILD_DIALECT) && defined(_WIN32)
#define MIG_API /* a module has the few functions that it uses in itself */
#else
#define MIG_API MIG_IMPORT
#endif

#if defined(MIG_STATIC)
#define MIG_DIALECT_API
#elif defined(MIG_BUILD_DIALECT)
#define MIG_DIALECT_API MIG_EXPORT
#else
#define MIG_DIALECT_API MIG_IMPORT
#endif

#if defined(MIG_STATIC)
#define MIG_CLI_API
#elif defined(MIG_BUILD_CLI)
#define MIG_CLI_API MIG_EXPORT
#else
#define MIG_CLI_API MIG_IMPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A database engine's table of functions: see mig/dialect.h. */
typedef struct mig_dialect mig_dialect;

/** The result of a call: 0 (MIG_OK) or one of the negative codes below. Later versions only
 * add codes, so treat an unknown one like MIG_ERROR. */
typedef int32_t mig_status;

enum mig_status_code {
	MIG_OK = 0,
	MIG_ERROR = -1,  /**< an error that fits no other code */
	MIG_ENOMEM = -2, /**< the allocator returned NULL */
	MIG_EINVAL =
		-3, /**< an argument is NULL, out of range, or has unknown trailing bytes set */
	MIG_EMISUSE = -4, /**< called from inside a callback, or before what it needs */
	MIG_EIO = -5,     /**< a file or folder cannot be read or written */
	MIG_EEXISTS = -6, /**< a file or folder to create, or version rows, are there already */

	/* identifiers */
	MIG_ENOTFOUND = -10,       /**< no such revision, label or partial id */
	MIG_EAMBIGUOUS = -11,      /**< a partial id that several ids or labels start with */
	MIG_EMULTIPLE_HEADS = -12, /**< "head" where there are several heads */
	MIG_ENOT_IN_BRANCH = -13,  /**< LABEL@REV, and REV is not in that branch */
	MIG_EWALKED_TOO_FAR = -14, /**< a relative target past the end, or in the wrong direction */
	MIG_EAMBIGUOUS_WALK =
		-15,             /**< a relative target at a fork, a merge, or from several rows */
	MIG_ENOT_ANCESTOR = -16, /**< target or range is not on one line with where it starts */
	MIG_EBAD_RANGE = -17,    /**< a range without its colon, or with several */
	MIG_EOVERLAP = -18,      /**< of several targets or rows, one is an ancestor of another */

	/* the revision graph does not load */
	MIG_ELOOP = -30,               /**< a revision is its own parent */
	MIG_EDEPENDENCY_LOOP = -31,    /**< a revision depends on itself */
	MIG_ECYCLE = -32,              /**< parents form a cycle */
	MIG_EDEPENDENCY_CYCLE = -33,   /**< parents and dependencies together form a cycle */
	MIG_EMISSING_PARENT = -34,     /**< "revises", or a bundle, names a revision that is not there */
	MIG_EMISSING_DEPENDENCY = -35, /**< "depends_on" names what is not there */
	MIG_EDUPLICATE_REVISION = -36, /**< two revisions have the same id */
	MIG_EDUPLICATE_LABEL = -37,    /**< a branch label is given twice, or equals an id */
	MIG_EILLEGAL_ID = -38,         /**< an id or label with characters that it may not have */

	/* revision files */
	MIG_ESYNTAX = -50, /**< a malformed revision file or template: see file, line and column */
	MIG_EIRREVERSIBLE = -51, /**< a downgrade passes a revision without a downgrade section */
	MIG_ENO_SECTION = -52,   /**< a revision has no upgrade section for this dialect */
	/** A script begins or ends a transaction of its own, or that of the run was ended under it:
	 * nothing was written. */
	MIG_ETRANSACTION = -53,
	MIG_EEDITED = -54,       /**< a revision was edited after it was applied */
	MIG_ENOT_HEAD = -55,     /**< a new revision's parent is not a head, and splicing is off */

	/* the database */
	MIG_ENO_DIALECT = -70,  /**< no dialect handles the URL, or its module cannot be loaded */
	MIG_ECONNECT = -71,     /**< the database cannot be opened */
	MIG_ESQL = -72,         /**< the engine refused a statement */
	/** Another process was in the way longer than the time allowed, or has continued with what this
	 * one was at. */
	MIG_ELOCKED = -73,
	MIG_ECANCELLED = -74,   /**< mig_cancel() was called, or a callback asked to stop */
	MIG_ENEWER = -75,       /**< the database holds revisions that this program does not know */
	MIG_EFOREIGN_KEY = -76, /**< the run would leave rows that violate a foreign key */
	/** A revision written in C returned an error, or one has changed libmig's own rows. */
	MIG_EREVISION = -77,
	MIG_EREADONLY = -78,    /**< the database cannot be written */
	MIG_EUNSUPPORTED = -79, /**< the dialect cannot do this */
	MIG_ECONSTRAINT = -80,  /**< the engine refused a row: a constraint failed */
	MIG_ETIMEOUT = -81,     /**< the engine stopped a statement that took too long */
	MIG_EPERMISSION = -82,  /**< the database's user may not do this */
	MIG_EBEHIND = -83,      /**< revisions are to be applied first: mig_verify(), autogenerate */
	/** A generated script, tried in a copy of the database, fails or gives another schema. */
	MIG_EPROOF = -84,
	/** A step outside a transaction is unfinished, and this call or this program cannot continue from
	 * there: the revision is unknown to it, or a relative target leads the other way. */
	MIG_EPARTIAL = -85,
	/** A query that must return no rows (a script's "-- mig:check", or the comparison of a table
	 * with its rebuilt copy) returned some: the message names the first of them. */
	MIG_ECHECK = -86
};

/** What a mig_value holds. */
enum mig_value_type {
	MIG_NULL = 0,
	MIG_INTEGER = 1, /**< mig_value.integer */
	MIG_REAL = 2,    /**< mig_value.real */
	MIG_TEXT = 3,    /**< mig_value.data and size: UTF-8 bytes */
	MIG_BLOB = 4     /**< mig_value.data and size: any bytes */
};

/** One value that goes into or comes out of a statement. Only the members that belong to its type
 * mean anything. */
typedef struct mig_value {
	int32_t type; /**< enum mig_value_type */
	int32_t reserved; /**< 0 */
	int64_t integer; /**< of MIG_INTEGER */
	double real; /**< of MIG_REAL */
	/** of MIG_TEXT and MIG_BLOB; the function that gives it defines how long it is valid */
	const char *data;
	size_t size; /**< bytes in data, a closing NUL not counted */
} mig_value;

/** How loud a log message is. An error is not a message: it is what the call returns. */
enum mig_log_level { MIG_LOG_DEBUG = 0, MIG_LOG_INFO = 1, MIG_LOG_WARNING = 2 };

/** What becomes of a database file that is missing. */
enum mig_create {
	/** It is created when it is needed: by a run, a statement of mig_query(), mig_connection() and
	 * mig_take_connection(). Until then the database counts as empty, so what only reads, such as
	 * mig_verify() and mig_current(), leaves no file behind. */
	MIG_CREATE_MISSING = 0,
	MIG_CREATE_NEVER = 1,   /**< opening it is an error, MIG_ECONNECT */
	/** It counts as an empty database and is not created, so the context can only read: runs are
	 * MIG_EMISUSE. */
	MIG_CREATE_PRETEND = 2
};

/** Which way a revision is run. */
enum mig_direction {
	MIG_UPGRADE = 0,
	MIG_DOWNGRADE = 1,
	MIG_STAMP = 2 /**< rows written without running anything */
};

#ifdef __cplusplus
}
#endif
#endif
