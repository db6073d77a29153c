/* clock: a connection whose SQL has another time: a VFS that is the usual one but for that. It is registered
 * for as long as the connection is open, since ATTACH looks for the VFS by its name. */
#include "dialect/sqlite/conn/conn.h"

/* 12,580 days are 34 years, 5 months and some days: whatever part of the time is asked for, it is
 * another one. */
struct mig__sqlite_apart {
	sqlite3_vfs vfs; /* first: SQLite hands it back */
	sqlite3_vfs *usual;
	char name[48];
};

#define APART_MS (12580 * (sqlite3_int64)86400000 + 26011123)

static int apart_ms(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
	sqlite3_vfs *usual = ((struct mig__sqlite_apart *)vfs)->usual;
	int code = usual->xCurrentTimeInt64(usual, out);

	*out += APART_MS;
	return code;
}

static int apart_days(sqlite3_vfs *vfs, double *out)
{
	sqlite3_int64 ms = 0;
	int code = apart_ms(vfs, &ms);

	*out = (double)ms / 86400000.0;
	return code;
}

struct mig__sqlite_apart *mig__sqlite_apart_new(const struct mig__alloc *alloc)
{
	sqlite3_vfs *usual = sqlite3_vfs_find(NULL);
	struct mig__sqlite_apart *apart;

	if (!usual || usual->iVersion < 2 || !usual->xCurrentTimeInt64)
		return NULL;
	apart = mig__calloc(alloc, 1, sizeof *apart);
	if (!apart)
		return NULL;
	apart->vfs = *usual;
	apart->vfs.pNext = NULL;
	apart->usual = usual;
	sqlite3_snprintf(sizeof apart->name, apart->name, "mig-apart-%p", (void *)apart);
	apart->vfs.zName = apart->name;
	apart->vfs.xCurrentTime = apart_days;
	apart->vfs.xCurrentTimeInt64 = apart_ms;
	if (sqlite3_vfs_register(&apart->vfs, 0) == SQLITE_OK)
		return apart;
	mig__free(alloc, apart);
	return NULL;
}

void mig__sqlite_apart_free(const struct mig__alloc *alloc, struct mig__sqlite_apart *apart)
{
	if (apart)
		sqlite3_vfs_unregister(&apart->vfs);
	mig__free(alloc, apart);
}

const char *mig__sqlite_apart_name(const struct mig__sqlite_apart *apart)
{
	return apart->name;
}
