/* shown: see shown.h. The text stays UTF-8; only what is unsafe is replaced, so that most texts pass
 * unchanged. It does not translate, wrap or colour. */
#include "base/shown.h"

size_t mig__shown_char(const char *s, size_t size, uint32_t *c)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (!n || n > size || p[0] > 0xf4)
		return 0;
	*c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fu);
	}
	if ((n == 3 && *c < 0x800) || (n == 4 && (*c < 0x10000 || *c > 0x10ffff)) ||
	    (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return n;
}

/* Steers a terminal, or turns the order of what is read. */
static int is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void mig__shown_add(struct mig__buf *out, const char *bytes, size_t size)
{
	uint32_t c = 0;
	size_t n;

	for (size_t i = 0; i < size && !out->failed; i += n) {
		n = mig__shown_char(bytes + i, size - i, &c);
		if (!n) {
			n = 1;
			mig__buf_addf(out, "\\x%02x", (unsigned)(unsigned char)bytes[i]);
		} else if (!is_unsafe(c)) {
			mig__buf_add(out, bytes + i, n);
		} else if (c == '\n' || c == '\t' || c == '\r') {
			mig__buf_adds(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
		} else {
			mig__buf_addf(out, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)c);
		}
	}
}
