/* app: the application's module, named by --app, MIG_APP or mig.ini, as FLASK_APP does it. */
#include "cli/cli.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef mig_status (*setup_fn)(mig_ctx *ctx);

int mig__cli_setup_result(struct mig__cli *cli, mig_status rc, const char *whose)
{
	if (!rc)
		return MIG_CLI_DONE;
	if (mig_error_status(cli->ctx) == rc)
		return mig__cli_ctx_fail(cli);
	return mig__cli_fail(cli, "%s returned %s", whose, mig_status_name(rc));
}

/* A host's own setup function is its application: only the command line may name another one. */
static const char *app_name(const struct mig__cli *cli)
{
	const char *name = mig__cli_value(&cli->args, MIG__OPT_APP);

	if (name || cli->host.setup)
		return name;
	name = secure_getenv("MIG_APP");
	return name && name[0] ? name : mig__cli_config_value(&cli->config, MIG__KEY_APP);
}

int mig__cli_load_app(struct mig__cli *cli)
{
	const char *name = app_name(cli);
	struct mig__cli_text path = { 0 };
	setup_fn setup;
	int status;

	if (!name)
		return MIG_CLI_DONE;
	/* without a slash the linker would look everywhere but here */
	mig__cli_addf(&path, "%s%s", strchr(name, '/') ? "" : "./", name);
	if (path.failed)
		return mig__cli_no_memory(cli);
	cli->app = dlopen(path.data, RTLD_NOW | RTLD_LOCAL);
	if (!cli->app) {
		status = mig__cli_fail(cli, "%s", dlerror());
	} else {
		*(void **)&setup = dlsym(cli->app, "mig_app_setup");
		status = setup ? mig__cli_setup_result(cli, setup(cli->ctx), path.data)
			       : mig__cli_fail(cli, "%s: there is no mig_app_setup() in it",
					       path.data);
	}
	mig__cli_text_finish(&path);
	return status;
}

void mig__cli_unload_app(struct mig__cli *cli)
{
	if (cli->app)
		dlclose(cli->app);
}
