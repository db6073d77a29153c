/* shown: see shown.h. The text stays UTF-8; only what is unsafe is replaced, so that most texts pass
 * unchanged. It does not translate, wrap or colour. */
#include "base/shown.h"

#include "base/text.h"

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
		n = mig__text_char(bytes + i, size - i, &c);
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
