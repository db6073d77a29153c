/* fail: errors on stderr. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_err(struct mig__cli *cli, struct mig__cli_text *text)
{
	mig__cli_flush(cli);
	if (text->failed)
		fputs("out of memory\n", stderr);
	else
		fputs(mig__cli_string(text), stderr);
	fflush(stderr);
	mig__cli_text_finish(text);
}

static void add_lead(const struct mig__cli *cli, struct mig__cli_text *text)
{
	int colour = mig__cli_takes_colour(STDERR_FILENO);

	mig__cli_paint(text, colour, MIG__CLI_BOLD);
	mig__cli_shown(text, cli->program);
	mig__cli_adds(text, ": ");
	mig__cli_paint(text, colour, MIG__CLI_PLAIN);
}

/* -- secrets
 *
 * The library shows nothing of a URL that is secret, where it takes a text for a URL. But a URL may
 * be given where something else is expected, as in "mig upgrade postgresql://me:pw@host/db". */

/* Replaces the URL in a message that is freed; in a report it is escaped. */
static char *hide(char *message, const char *url)
{
	struct mig__cli_text shown = { 0 };
	char *without = mig__cli_without_url(message, url);

	mig__cli_shown(&shown, url);
	if (!without && !shown.failed)
		without = mig__cli_without_url(message, mig__cli_string(&shown));
	mig__cli_text_finish(&shown);
	if (without)
		free(message);
	return without ? without : message;
}

/* For messages, which may quote what was given; NULL: no memory. */
static char *without_secrets(const struct mig__cli *cli, const char *words)
{
	char *message = strdup(words);

	if (message && cli->url)
		message = hide(message, cli->url);
	for (const char **url = cli->scratch_urls; message && url && *url; url++)
		message = hide(message, *url);
	for (int i = 1; message && i < cli->argc; i++) {
		const char *word = cli->argv[i], *equals = strchr(word, '=');

		if (equals) /* --models=URL */
			message = hide(message, equals + 1);
		message = hide(message, word);
		if (word[0] == '-' && word[1] && word[1] != '-') /* -uURL */
			message = hide(message, word + 2);
	}
	return message;
}

static void add_message(const struct mig__cli *cli, struct mig__cli_text *text, const char *words)
{
	char *message = without_secrets(cli, words);

	text->failed |= !message;
	if (message)
		mig__cli_shown(text, message);
	free(message);
}

void mig__cli_say(struct mig__cli *cli, const char *message)
{
	struct mig__cli_text text = { 0 };

	add_lead(cli, &text);
	add_message(cli, &text, message);
	mig__cli_adds(&text, "\n");
	write_err(cli, &text);
}

static void say_formatted(struct mig__cli *cli, const char *format, va_list args)
{
	va_list again;
	char *message;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	message = n < 0 ? NULL : malloc((size_t)n + 1);
	if (!message) {
		mig__cli_no_memory(cli);
		return;
	}
	vsnprintf(message, (size_t)n + 1, format, args);
	mig__cli_say(cli, message);
	free(message);
}

int mig__cli_fail(struct mig__cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_formatted(cli, format, args);
	va_end(args);
	return MIG_CLI_ERROR;
}

int mig__cli_fail_at(struct mig__cli *cli, const char *file, int32_t line, int32_t column,
		     const char *message)
{
	struct mig__cli_text text = { 0 };

	add_lead(cli, &text);
	mig__cli_shown(&text, file);
	mig__cli_addf(&text, ":%d:%d: ", (int)line, (int)column);
	add_message(cli, &text, message);
	mig__cli_adds(&text, "\n");
	mig__cli_add_source(&text, file, line, column);
	write_err(cli, &text);
	return MIG_CLI_ERROR;
}

int mig__cli_bad_usage(struct mig__cli *cli, const char *format, ...)
{
	struct mig__cli_text usage = { 0 };
	va_list args;

	va_start(args, format);
	say_formatted(cli, format, args);
	va_end(args);
	mig__cli_add_usage(cli, cli->args.command, &usage);
	write_err(cli, &usage);
	return MIG_CLI_USAGE;
}

int mig__cli_no_memory(struct mig__cli *cli)
{
	fprintf(stderr, "%s: out of memory\n", cli->program);
	return MIG_CLI_ERROR;
}

void mig__cli_hint(struct mig__cli *cli, const char *hint)
{
	struct mig__cli_text text = { 0 };

	mig__cli_adds(&text, "hint: ");
	add_message(cli, &text, hint);
	mig__cli_adds(&text, "\n");
	write_err(cli, &text);
}

int mig__cli_error_fail(struct mig__cli *cli, const struct mig__error *err)
{
	if (!err->message)
		return mig__cli_no_memory(cli);
	mig__cli_say(cli, err->message);
	if (err->hint)
		mig__cli_hint(cli, err->hint);
	return MIG_CLI_ERROR;
}

int mig__cli_ctx_fail(struct mig__cli *cli)
{
	char *report = without_secrets(cli, mig_error_report(cli->ctx));
	struct mig__cli_text text = { 0 };

	add_lead(cli, &text);
	text.failed |= !report;
	mig__cli_adds(&text, report ? report : "");
	mig__cli_adds(&text, "\n");
	write_err(cli, &text);
	free(report);
	return MIG_CLI_ERROR;
}
