/* completion: what shells offer behind "mig", from the tables of commands and options themselves.
 */
#include "cli/cli.h"

#include <string.h>

/* -- what the shells have in common */

/* Commands whose words are revisions. */
static int takes_revisions(const struct mig__cli_command *c)
{
	return strstr(c->words, "REVISION") || strstr(c->words, "TARGET");
}

typedef void (*option_fn)(struct mig__cli *cli, const struct mig__cli_option *option,
			  const char *command);

static void each_of(struct mig__cli *cli, const struct mig__cli_option *table, const char *command,
		    option_fn fn)
{
	for (; table && table->name; table++)
		if (table->help) /* not those that are known only to be refused */
			fn(cli, table, command);
}

static void each_option(struct mig__cli *cli, const struct mig__cli_command *c, option_fn fn)
{
	each_of(cli, c->options, c->name, fn);
	for (size_t i = 0; c->more && c->more[i]; i++)
		each_of(cli, c->more[i], c->name, fn);
}

static void add_names(struct mig__cli *cli, const char *between)
{
	for (const struct mig__cli_command *c = cli->commands; c->name; c++) {
		mig__cli_adds(&cli->out, c == cli->commands ? "" : between);
		mig__cli_adds(&cli->out, c->name);
	}
}

/* A word or text in single quotes; ":" parts a zsh description, and "[" its option. */
static void add_text(struct mig__cli_text *out, const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'') {
			mig__cli_adds(out, "'\\''");
			continue;
		}
		if (strchr(special, *text))
			mig__cli_adds(out, "\\");
		mig__cli_add(out, text, 1);
	}
}

static const char revisions[] = "mig history --json 2>/dev/null | sed -n \"s/^ *.revision.: "
				".\\([A-Za-z0-9_.]*\\).,/\\1/p\"";

/* -- bash */

static void add_bash_option(struct mig__cli *cli, const struct mig__cli_option *o,
			    const char *command)
{
	(void)command;
	if (o->letter)
		mig__cli_addf(&cli->out, " -%c", o->letter);
	mig__cli_addf(&cli->out, " --%s", o->name);
}

static void add_bash(struct mig__cli *cli)
{
	struct mig__cli_text *out = &cli->out;

	mig__cli_adds(out, "# bash completion of mig\n"
			   "_mig() {\n"
			   "  local cur=${COMP_WORDS[COMP_CWORD]} command= words= all= word\n"
			   "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
			   "    case $word in ");
	add_names(cli, "|");
	mig__cli_adds(out, ") command=$word; break ;; esac\n"
			   "  done\n"
			   "  all='");
	each_of(cli, mig__cli_global_options, NULL, add_bash_option);
	mig__cli_adds(out, "'\n  case $command in\n    '') words='");
	add_names(cli, " ");
	mig__cli_adds(out, "' ;;\n");
	for (const struct mig__cli_command *c = cli->commands; c->name; c++) {
		mig__cli_addf(out, "    %s) words='", c->name);
		each_option(cli, c, add_bash_option);
		mig__cli_adds(out, "'");
		if (takes_revisions(c))
			mig__cli_addf(out,
				      "\n      [[ $cur == -* ]] || words=\"head heads base $(%s)\"",
				      revisions);
		mig__cli_adds(out, " ;;\n");
	}
	mig__cli_adds(out, "  esac\n"
			   "  [[ $cur == -* ]] && words=\"$words $all\"\n"
			   "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
			   "}\n"
			   "complete -o default -F _mig mig\n");
}

/* -- zsh */

static void add_zsh_option(struct mig__cli *cli, const struct mig__cli_option *o,
			   const char *command)
{
	(void)command;
	mig__cli_addf(&cli->out, " '--%s:", o->name);
	add_text(&cli->out, o->help, "\\");
	mig__cli_adds(&cli->out, "'");
}

static void add_zsh(struct mig__cli *cli)
{
	struct mig__cli_text *out = &cli->out;

	mig__cli_adds(out, "#compdef mig\n"
			   "local command word\n"
			   "local -a options\n"
			   "for word in ${words[2,CURRENT-1]}; do\n"
			   "  case $word in (");
	add_names(cli, "|");
	mig__cli_adds(out, ") command=$word; break ;; esac\n"
			   "done\n"
			   "options=(");
	each_of(cli, mig__cli_global_options, NULL, add_zsh_option);
	mig__cli_adds(out, ")\ncase $command in\n  ('')\n    local -a commands=(");
	for (const struct mig__cli_command *c = cli->commands; c->name; c++) {
		mig__cli_addf(out, "\n      '%s:", c->name);
		add_text(out, c->summary, "\\");
		mig__cli_adds(out, "'");
	}
	mig__cli_adds(out, ")\n    _describe command commands ;;\n");
	for (const struct mig__cli_command *c = cli->commands; c->name; c++) {
		mig__cli_addf(out, "  (%s)\n    options+=(", c->name);
		each_option(cli, c, add_zsh_option);
		mig__cli_adds(out, ")");
		if (takes_revisions(c))
			mig__cli_addf(out, "\n    compadd head heads base $(%s)", revisions);
		mig__cli_adds(out, " ;;\n");
	}
	mig__cli_adds(out, "esac\n"
			   "[[ $PREFIX == -* ]] && _describe option options\n"
			   "_files\n");
}

/* -- fish */

static void add_fish_option(struct mig__cli *cli, const struct mig__cli_option *o,
			    const char *command)
{
	struct mig__cli_text *out = &cli->out;

	mig__cli_adds(out, "complete -c mig");
	if (command)
		mig__cli_addf(out, " -n '__fish_seen_subcommand_from %s'", command);
	if (o->letter)
		mig__cli_addf(out, " -s %c", o->letter);
	mig__cli_addf(out, " -l %s%s -d '", o->name, o->value ? " -r" : "");
	add_text(out, o->help, "\\");
	mig__cli_adds(out, "'\n");
}

static void add_fish(struct mig__cli *cli)
{
	struct mig__cli_text *out = &cli->out;

	mig__cli_adds(out, "# fish completion of mig\n");
	each_of(cli, mig__cli_global_options, NULL, add_fish_option);
	for (const struct mig__cli_command *c = cli->commands; c->name; c++) {
		mig__cli_addf(out, "complete -c mig -n __fish_use_subcommand -a %s -d '", c->name);
		add_text(out, c->summary, "\\");
		mig__cli_adds(out, "'\n");
		each_option(cli, c, add_fish_option);
		if (takes_revisions(c))
			mig__cli_addf(out,
				      "complete -c mig -f -n '__fish_seen_subcommand_from %s' -a "
				      "'head heads base (%s)'\n",
				      c->name, revisions);
	}
}

int mig__cli_cmd_completion(struct mig__cli *cli)
{
	static const struct {
		const char *name;
		void (*add)(struct mig__cli *cli);
	} shells[] = { { "bash", add_bash }, { "zsh", add_zsh }, { "fish", add_fish } };

	if (!cli->args.word_count)
		return mig__cli_bad_usage(cli, "\"completion\" needs the name of a shell");
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
		if (!strcmp(shells[i].name, cli->args.words[0])) {
			shells[i].add(cli);
			return MIG_CLI_DONE;
		}
	return mig__cli_bad_usage(cli, "completion for \"%s\": there is bash, zsh and fish",
				  cli->args.words[0]);
}
