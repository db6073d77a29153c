/* stamp: the digest of the version rows that SQLite can keep in the file's header
 * (header_digest). Not `mig stamp`. 0 means that there is none; what is there and was not
 * written by libmig is never changed. */
#include "migrate/stamp.h"

#include "base/digest.h"

#include <string.h>

static void add_row(struct mig__digest *d, const char *id, const char *digest)
{
	mig__digest_add(d, id, strlen(id) + 1);
	mig__digest_add(d, digest, strlen(digest) + 1);
}

static uint32_t number_of(struct mig__digest *d)
{
	uint8_t out[MIG__DIGEST_SIZE];
	uint32_t number;

	mig__digest_final(d, out);
	number = (uint32_t)out[0] << 24 | (uint32_t)out[1] << 16 | (uint32_t)out[2] << 8 | out[3];
	return number ? number : 1;
}

uint32_t mig__stamp_of_rows(const struct mig__store_rows *rows)
{
	struct mig__digest d;

	if (rows->running)
		return 0;
	mig__digest_init(&d);
	for (size_t i = 0; i < rows->count; i++) {
		if (strlen(rows->digests[i]) != MIG__DIGEST_HEX - 1)
			return 0;
		add_row(&d, rows->ids[i], rows->digests[i]);
	}
	return rows->count ? number_of(&d) : 0;
}

uint32_t mig__stamp_of_heads(const mig_bundle *bundle)
{
	struct mig__digest d;

	mig__digest_init(&d);
	for (size_t i = 0; i < bundle->head_count; i++) {
		const char *base = (const char *)bundle->revisions;
		const mig_bundle_revision *r =
			(const void *)(base + bundle->heads[i] * bundle->revision_size);
		char hex[MIG__DIGEST_HEX];

		mig__digest_hex(r->chain, hex);
		add_row(&d, r->id, hex);
	}
	return bundle->head_count ? number_of(&d) : 0;
}

mig_status mig__stamp_is(struct mig__db *db, uint32_t stamp, int *is)
{
	uint32_t now = 0;
	mig_status rc = MIG_OK;

	*is = 0;
	if (!db->header_digest || !MIG__STORE_SLOT(db, read_header_digest) || !stamp)
		return MIG_OK;
	rc = db->dialect->store->read_header_digest(db->conn, &now);
	*is = !rc && now == stamp;
	return rc;
}

mig_status mig__stamp_change(struct mig__db *db, uint32_t before, const struct mig__store_rows *rows)
{
	uint32_t now = 0, after = db->header_digest ? mig__stamp_of_rows(rows) : 0;
	mig_status rc;

	if (!MIG__STORE_SLOT(db, read_header_digest) || !MIG__STORE_SLOT(db, write_header_digest) || before == after)
		return MIG_OK;
	rc = db->dialect->store->read_header_digest(db->conn, &now);
	if (rc || now == after || (now && now != before))
		return rc;
	return db->dialect->store->write_header_digest(db->conn, after, NULL);
}

mig_status mig__stamp_clear(struct mig__db *db, const struct mig__store_rows *rows)
{
	uint32_t now = 0, stamp = mig__stamp_of_rows(rows);
	mig_status rc;

	if (!MIG__STORE_SLOT(db, read_header_digest) || !MIG__STORE_SLOT(db, write_header_digest) || !stamp)
		return MIG_OK;
	rc = db->dialect->store->read_header_digest(db->conn, &now);
	return rc || now != stamp ? rc : db->dialect->store->write_header_digest(db->conn, 0, NULL);
}
