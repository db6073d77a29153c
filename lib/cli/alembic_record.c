/* alembic_record: has the project's own Alembic run its revisions on a scratch database, where it
 * cannot print them, and reads what the engine was given. record.py does it; this runs that. */
#include "cli/alembic.h"
#include "cli/cli.h"
#include "cli/record_py.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_ALEMBIC = 3 }; /* exit status of record.py */

/* Runs the arguments with the file as their output. *result: what waitpid() gives. Returns an errno. */
static int run(char *const *argv, FILE *output, int *result)
{
	posix_spawn_file_actions_t actions;
	pid_t child;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = posix_spawn_file_actions_adddup2(&actions, fileno(output), STDOUT_FILENO);
	if (!error)
		error = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	while (!error && waitpid(child, result, 0) < 0)
		error = errno == EINTR ? 0 : errno;
	return error;
}

static int ended_badly(struct mig__alembic *a, const char *python, int result)
{
	if (WIFSIGNALED(result))
		return mig__cli_fail(a->cli, "%s was killed by signal %d", python, WTERMSIG(result));
	if (WEXITSTATUS(result) == NO_ALEMBIC) {
		mig__cli_fail(a->cli, "%s has no Alembic", python);
		mig__cli_hint(a->cli, "activate the project's virtual environment, or name its Python with "
				      "--python");
		return MIG_CLI_ERROR;
	}
	mig__cli_fail(a->cli, "Alembic could not run the revisions; nothing is written");
	mig__cli_hint(a->cli, "run it where \"flask db upgrade\" or \"alembic upgrade\" works, with FLASK_APP "
			      "set as there; or start from a baseline: see docs/from-flask-migrate.md");
	return MIG_CLI_ERROR;
}

int mig__alembic_record(struct mig__alembic *a, const char *python, const char *dir, const char *database,
			struct mig__cli_text *out)
{
	/* the table is named without its schema: SQLite has none */
	const char *words[] = { python, "-c", mig__record_py, dir, a->table, database, NULL };
	FILE *file = tmpfile();
	int result = 0, error, status;

	if (!file)
		return mig__cli_fail(a->cli, "a temporary file: %s", strerror(errno));
	mig__cli_flush(a->cli);
	error = run((char *const *)words, file, &result);
	rewind(file);
	if (error)
		status = mig__cli_fail(a->cli, "%s: %s", python, strerror(error));
	else
		status = result ? ended_badly(a, python, result) : mig__alembic_read(a, file, "the recorded SQL", out);
	fclose(file);
	return status;
}
