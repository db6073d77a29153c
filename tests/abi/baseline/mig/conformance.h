/* mig/conformance.h: does a dialect keep the contract of mig/dialect.h?
 *
 * The suite is a static library (pkg-config libmig-conformance). Describe the engine of your dialect
 * once, in a mig_conformance, and make a program of it:
 *
 *     int main(int argc, char **argv)
 *     {
 *             return mig_conformance_main(argc, argv, &description);
 *     }
 *
 * Its output is TAP, one line for each case; what fails names the rule that was broken. */
#ifndef MIG_CONFORMANCE_H
#define MIG_CONFORMANCE_H

#include <mig/dialect.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A dialect and its engine. Every member is needed unless it says "or NULL". The suite's own SQL
 * is plain: CREATE TABLE t (x INTEGER), INSERT, UPDATE, SELECT, comments, savepoints. */
typedef struct mig_conformance {
	/** The dialect's table, e.g. mig_dialect_sqlite. */
	const mig_dialect *(*dialect)(void);
	/** Makes a new, empty database, to which several processes can connect: its URL, valid
	 * until the next call. NULL: there is no server, and the whole suite is skipped. */
	const char *(*fresh)(void);

	/* The engine's own connections, without the dialect, as a host application has them. */

	/** Connects to what fresh() made, and changes some settings of the connection. */
	void *(*native_open)(const char *url);
	/** Nonzero if those settings are as native_open() made them. */
	int (*native_unchanged)(void *native);
	/** Runs SQL; mig_conformance_fail() if it does not work. */
	void (*native_exec)(void *native, const char *sql);
	/** Closes what native_open() returned. */
	void (*native_close)(void *native);
	/** Makes the database of a URL read-only for connections opened from now on, and returns
	 * the URL for those; or NULL. */
	const char *(*read_only_url)(const char *url);

	/** Nonzero: the engine reports where in a statement an error is. 0: offsets of errors in SQL
	 * are those of the statement, or MIG_NO_OFFSET. */
	int32_t exact_places;
	const char *slow; /**< a statement that runs for minutes and changes nothing */
	/** A SELECT of the parameters $1 to $5: an integer, a real, a text, a blob, and one of any
	 * type for NULL. */
	const char *values;
	const char *lone; /**< a statement of the kind MIG_STATEMENT_LONE, or NULL */
	/** Scripts that begin or end a transaction somewhere; NULL at the end. */
	const char *const *refused;
	/** Scripts that look as if they did, and can be run in this order; NULL at the end. */
	const char *const *allowed;
	/** A text of two statements with everything that is hard to split: semicolons in quotes,
	 * comments and bodies. And those two, as they are to be found. */
	const char *split;
	/** The first and the second statement of `split`, as they are to be found. */
	const char *split_first, *split_second;
	/** A text of two statements, the second of them with a quote that is never closed, and the
	 * offset of that quote. */
	const char *unclosed;
	/** Offset in bytes of that quote in `unclosed`. */
	size_t unclosed_at;
} mig_conformance;

/** Runs the cases named in argv, or all; after "-x" all but these; "-l" lists them. Returns what main()
 * is to return: 0 if none failed. */
int mig_conformance_main(int argc, char **argv, const mig_conformance *description);

/** Fails the running case: for the functions of a description. Does not return. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2), noreturn))
#endif
void mig_conformance_fail(const char *format, ...);

#ifdef __cplusplus
}
#endif
#endif
