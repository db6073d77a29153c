/* config: mig.ini. */
#ifndef MIG__CLI_CONFIG_H
#define MIG__CLI_CONFIG_H

#include "cli/text.h"

struct mig__cli;

enum mig__cli_key {
	MIG__KEY_URL,
	MIG__KEY_DIRECTORY,
	MIG__KEY_VERSION_LOCATIONS,
	MIG__KEY_RECURSIVE,
	MIG__KEY_VERSION_TABLE,
	MIG__KEY_HISTORY_TABLE,
	MIG__KEY_SCHEMA,
	MIG__KEY_DATABASE_NAME,
	MIG__KEY_TRANSACTION,
	MIG__KEY_LOCK_TIMEOUT,
	MIG__KEY_STATEMENT_LOCK_TIMEOUT,
	MIG__KEY_STATEMENT_TIMEOUT,
	MIG__KEY_RETRIES,
	MIG__KEY_SEARCH_PATH,
	MIG__KEY_TRUSTED_OWNER,
	MIG__KEY_APP,
	MIG__KEY_MODELS,
	MIG__KEY_INCLUDE,
	MIG__KEY_EXCLUDE,
	MIG__KEY_SCRATCH_URL,
	MIG__KEY_DATABASES,
	MIG__KEY_FILE_TEMPLATE,
	MIG__KEY_TRUNCATE_SLUG_LENGTH,
	MIG__KEY_POST_WRITE_HOOKS,
	MIG__KEY_TIMEZONE,
	MIG__KEY_COUNT
};

struct mig__cli_config {                             /* starts as zeros */
	struct mig__cli_text values[MIG__KEY_COUNT]; /* empty: not set */
	struct mig__cli_text path, text;             /* of the file; empty: there is none */
	struct mig__cli_text here;                   /* its folder */
	struct mig__cli_text absolute;               /* the same, when it was asked for */
};

/* Reads the file of the path into `text`. */
int mig__cli_config_load(struct mig__cli *cli, const char *path);
enum mig__cli_required { MIG__CLI_MUST_BE, MIG__CLI_EVEN_WITHOUT_SECTION };
/* Reads a section of it over what is there already; nothing if there is no file.
 * MIG__CLI_EVEN_WITHOUT_SECTION: there may be no such section. */
int mig__cli_config_read(struct mig__cli *cli, const char *section,
			 enum mig__cli_required required);
/* Whether paths in the file are relative to the working folder, as there is none or it is there. */
int mig__cli_is_here(const struct mig__cli_config *config);
/* A URL of the file: a relative path in it is relative to the file. 0: no memory. */
int mig__cli_config_url(const struct mig__cli_config *config, const char *url,
			struct mig__cli_text *out);
/* The value, or NULL. */
const char *mig__cli_config_value(const struct mig__cli_config *config, enum mig__cli_key key);
/* The values of a list, ending with NULL, in *out, which is NULL if there are none; freed by the
 * caller, as one. 0: no memory. */
int mig__cli_config_values(const struct mig__cli_config *config, enum mig__cli_key key,
			   const char ***out);
/* Whether a model, or any text, is the URL of a database and not a file's name. */
int mig__cli_is_url(const char *text);
/* Of a model "DIALECT=FILE" the length of DIALECT, less than the size; 0: it names none. */
enum { MIG__CLI_DIALECT_SIZE = 64 };
size_t mig__cli_dialect_length(const char *text);
/* 0 or 1 for the keys that are one of two words. */
int mig__cli_config_true(const struct mig__cli_config *config, enum mig__cli_key key);
/* Forgets the values, but not the file. */
void mig__cli_config_clear(struct mig__cli_config *config);
void mig__cli_config_finish(struct mig__cli_config *config);

#endif
