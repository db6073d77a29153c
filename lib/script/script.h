/* script: revision files to memory and back. The only module that touches files (through base).
 *
 * A mig__script is one revision from any source: a file, memory, a compiled-in bundle, or C
 * functions. A mig__set is all of a context's, in load order. Bodies are read when they are run. */
#ifndef MIG__SCRIPT_SCRIPT_H
#define MIG__SCRIPT_SCRIPT_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/map.h"
#include "graph/graph.h"

#include <mig/mig.h>
#include <time.h>

struct mig__list {
	const char *const *at; /* ends with NULL */
	uint32_t count;
};

/* One "-- mig:upgrade …" section. */
struct mig__section {
	mig_section is; /* offset and size: of its SQL in the whole file as it is on disk */
	int32_t line;   /* of its directive; 0 in a bundle */
};

/* What a file was when its head was read, and its text, which was all there: so it need not be read
 * again as long as it is the same. */
struct mig__seen {
	uint64_t device, inode;
	int64_t changed_s, modified_s; /* ctime, which nobody can set, and mtime */
	long changed_ns, modified_ns;
	size_t size;
	const char *text;
};

struct mig__script {
	const char *id;
	const char *message; /* "" if none; lines joined by LF */
	const char *created; /* "" if none */
	const char *file;    /* NULL for a revision in C without one */
	struct mig__list parents, dependencies, labels;
	mig_header header; /* what else it says */
	/* sections are there when sections_read (always for memory and bundles) */
	const struct mig__section *sections;
	size_t section_count;
	int32_t sections_read;
	/* where the text is */
	int32_t on_disk;  /* file is read again for sections, digest and body */
	const char *text; /* borrowed or in the set's arena; NULL on disk and for C */
	size_t text_size;
	const struct mig__seen *seen; /* on disk, while the sections are not read; or NULL */
	const char *kept; /* on disk: what was read of it whole, of kept_size bytes; or NULL */
	size_t kept_size;
	mig_step_fn upgrade, downgrade; /* revisions in C */
	void *user;
	int32_t c_no_transaction, c_idempotent, c_pure;
	int32_t c_foreign_keys;
	int32_t borrowed; /* its texts are a bundle's */
	int32_t derive; /* the downgrade is the reverse of the upgrade's operations */
	const char *c_version;
	int32_t has_digest, has_chain;
	int32_t checked; /* bit 1 << direction: the section outside a transaction was found good */
	uint8_t digest[MIG__DIGEST_SIZE], chain[MIG__DIGEST_SIZE];
};

/* -- reading one (parse.c) */

/* Parses the whole text of a revision file: header, sections and, when digest is nonzero, its
 * digest. Everything kept is allocated in the arena; `text` itself is not kept. */
mig_status mig__script_parse(struct mig__arena *arena, const char *file, const char *text,
			     size_t size, int32_t digest, struct mig__error *err,
			     struct mig__script *out);

/* The section that applies: the most specific for dialect and database (either may be NULL), a
 * dialect counting more than a database; NULL if there is none. Sections must have been read. */
const struct mig__section *mig__script_section(const struct mig__script *script,
					       int32_t direction, const char *dialect,
					       const char *database);

/* Copies a section, the names in its attributes into the arena. 0: no memory. */
int mig__section_copy(struct mig__arena *arena, const mig_section *section, mig_section *out);

/* Reads the sections of a script on disk that does not have them yet. MIG_EEDITED if the file now
 * holds another id. */
mig_status mig__script_load(struct mig__arena *arena, struct mig__script *script,
			    struct mig__error *err);

/* A directive inside a section, about the statement below it (note.c has the table). */
enum mig__note_kind {
	MIG__NOTE_IDEMPOTENT, /* may be run again from its start after a kill */
	MIG__NOTE_CHECK /* a query that must return no rows; the note's text says what is wrong then */
};
struct mig__note {
	enum mig__note_kind kind;
	size_t offset;    /* of "mig:" in the section's text */
	const char *text; /* what follows the name in its line, without blanks around it */
	size_t text_size;
	size_t about; /* offset of its statement; those who run the section fill it in */
};

/* The text of a section, read now: NUL-terminated, freed with mig__body_finish. */
struct mig__body {
	char *text; /* lies inside file_text: not freed alone */
	size_t size;
	/* the whole file, for places: offset `at` of the file is text[0]. Where the section ends, its
	 * NUL has taken the place of a byte. */
	char *file_text;
	size_t file_size, at;
	/* its "-- mig:" lines, in order; their texts lie in file_text */
	struct mig__note *notes;
	size_t note_count;
};
/* Finds the section and reads it; MIG_ENO_SECTION or MIG_EIRREVERSIBLE if there is none. A file that
 * has changed since its digest was taken: MIG_EEDITED. */
mig_status mig__script_body(const struct mig__alloc *alloc, const struct mig__script *script,
			    int32_t direction, const char *dialect, const char *database,
			    struct mig__error *err, struct mig__body *out);
void mig__body_finish(const struct mig__alloc *alloc, struct mig__body *body);
/* The first note of the kind from one offset of the section's text up to another, or NULL. Those of a
 * statement stand between the end of the one before it and its own first byte. */
const struct mig__note *mig__body_note(const struct mig__body *body, enum mig__note_kind kind,
				       size_t from, size_t to);

/* -- digests (digest.c) */

/* SHA-256 over the canonical text: no BOM, CRLF and CR are LF, no blanks (space, tab) at the end of
 * a line, no empty lines at the end of the text. */
void mig__script_text_digest(const char *text, size_t size, uint8_t out[MIG__DIGEST_SIZE]);
/* Fills script->digest if it is missing (reads the file; a revision in C: over id and version). */
mig_status mig__script_digest(const struct mig__alloc *alloc, struct mig__script *script,
			      struct mig__error *err);
/* Chain digest: SHA-256 over id, NUL, own digest, then the chain digests of parents and
 * dependencies (declared order, `count` of them), with domain separation. */
void mig__script_chain(const char *id, const uint8_t digest[MIG__DIGEST_SIZE],
		       const uint8_t *const *below, size_t count, uint8_t out[MIG__DIGEST_SIZE]);

/* -- all of a context's (set.c, scan.c) */

struct mig__set {
	struct mig__arena arena;
	struct mig__script *at; /* load order */
	size_t count, cap;
	struct mig__map seen; /* files and folders read so far (scan.c) */
	struct mig__arena kept; /* texts of files */
	size_t kept_size;       /* of them */
	size_t keep_room;       /* bytes that may still be kept; 0 at first */
	size_t seen_size;       /* of texts in mig__seen */
};

/* A run that is about to read a folder may keep the texts of so many bytes until it knows which of
 * them it runs, and those until it ends, so that it opens no file twice: enough for some thousand
 * small ones. What a large one costs is not its opening: it is read again. */
enum { MIG__SEEN_SIZE = 16 * 1024 * 1024 }; /* the most of mig__set.seen_size */
enum { MIG__KEEP_SIZE = 2 * 1024 * 1024, MIG__KEEP_EACH = 16 * 1024 };

void mig__set_init(struct mig__set *set, const struct mig__alloc *alloc);
void mig__set_finish(struct mig__set *set);
/* Copies what it has borrowed of bundles, which may be gone when it is read next. Without memory for that,
 * those revisions say nothing: their texts are "" and their lists empty. The graph is not to be asked
 * for ids afterwards. */
void mig__set_own(struct mig__set *set);
/* Frees the texts of files that were kept, and keeps no more. */
void mig__set_forget(struct mig__set *set);
/* The same but for those of the route's revisions. */
void mig__set_forget_others(struct mig__set *set, const struct mig__route *route);
/* Adds the files of a folder in the order of their names (bytes), then, when recursive, its
 * sub-folders in theirs. Files that do not end in .sql, and names that begin with a dot, are not
 * revision files. digests nonzero: digests are taken while the files are read. A file seen before
 * under another name (same device and inode) is added once. */
mig_status mig__set_add_folder(struct mig__set *set, const char *path, int32_t recursive,
			       int32_t digests, struct mig__error *err);
mig_status mig__set_add_text(struct mig__set *set, const char *name, const char *text, size_t size,
			     struct mig__error *err);
/* That its sizes are those of a bundle of some version. */
mig_status mig__bundle_check(const mig_bundle *bundle, struct mig__error *err);
mig_status mig__set_add_bundle(struct mig__set *set, const mig_bundle *bundle,
			       struct mig__error *err);
mig_status mig__set_add_c(struct mig__set *set, const mig_revision_def *def,
			  struct mig__error *err);

/* -- writing (write.c) */

/* What a template can use. */
struct mig__script_values {
	const char *id, *message, *created;
	struct mig__list parents, dependencies, labels;
	const mig_section *sections; /* the first of a direction stands in the template */
	size_t section_count;
};
/* The built-in template. */
extern const char mig__script_template[];
/* Fills a template: ${revision} ${message} ${revises} ${branch_labels} ${depends_on} ${created}
 * ${upgrade} ${downgrade}, and $$ for a dollar. The result (freed with mig__free) must parse back to
 * the same values, otherwise MIG_ESYNTAX. name stands for the template in messages. */
mig_status mig__script_render(const struct mig__alloc *alloc, const char *name,
			      const char *template_text, size_t size,
			      const struct mig__script_values *values, struct mig__error *err,
			      char **text, size_t *text_size);
/* The line that begins a section, e.g. "-- mig:upgrade dialect=sqlite". */
struct mig__buf;
void mig__script_add_directive(struct mig__buf *out, const mig_section *section);
/* The file name for a revision, "<id>_<slug>.sql": the slug is the message's first line, lower
 * case, letters and digits (of Unicode as they are) joined by "_", at most slug_length (0: 40) bytes, cut at
 * a "_". Freed with mig__free. */
char *mig__script_file_name(const struct mig__alloc *alloc, const char *id, const char *message,
			    size_t slug_length);
/* The same by mig_revision_options.file_template. */
mig_status mig__script_file_name_by(const struct mig__alloc *alloc, const char *template_text,
				    const char *id, const char *message, size_t slug_length,
				    time_t now, struct mig__error *err, char **out);

#endif
