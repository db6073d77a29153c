// libmig for C++17: owners instead of frees, exceptions instead of statuses.
//
//     mig::migrations notes("sqlite:notes.db");
//     notes.add_script("0001.sql", text);
//     notes.upgrade();
//
// An error of the library is thrown as mig::error. An exception inside a callback stops the run, which is
// rolled back, and is the cause of the error that the call that ran it throws.
#ifndef MIG_HPP
#define MIG_HPP

#include <mig/mig.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mig {

struct context_closer {
	void operator()(mig_ctx *ctx) const noexcept { mig_close(ctx); }
};
struct freer {
	void operator()(mig_revision_list *list) const noexcept { mig_revision_list_free(list); }
	void operator()(mig_history_list *list) const noexcept { mig_history_list_free(list); }
	void operator()(mig_stmt *stmt) const noexcept { mig_stmt_free(stmt); }
};

inline std::string to_string(const char *text) { return text ? text : ""; }

// An error of the library, with what it tells about the place; "" and 0 where a field does not apply.
class error : public std::runtime_error {
public:
	error(mig_status rc, const mig_ctx *ctx, std::exception_ptr why)
		: std::runtime_error(mig_error_message(ctx)), cause(std::move(why)), status(rc),
		  name(mig_status_name(rc)), revision(to_string(mig_error_revision(ctx))),
		  file(to_string(mig_error_file(ctx))), line(mig_error_line(ctx)),
		  column(mig_error_column(ctx)), statement(to_string(mig_error_statement(ctx))),
		  sqlstate(to_string(mig_error_sqlstate(ctx))), hint(to_string(mig_error_hint(ctx)))
	{
	}

	const std::exception_ptr cause; // what a callback threw; or null
	const mig_status status;
	const std::string name, revision, file;
	const std::int32_t line, column;
	const std::string statement, sqlstate, hint;
};

// MIG_ECANCELLED: the run was asked to stop, and rolled back.
class cancelled : public error {
	using error::error;
};

// A call on a step failed; the run that it belongs to tells why.
struct step_failed : std::runtime_error {
	explicit step_failed(mig_status rc) : std::runtime_error(mig_status_name(rc)), status(rc)
	{
	}
	mig_status status;
};

inline void check_step(mig_status status)
{
	if (status)
		throw step_failed(status);
}

// One statement with parameters, written $1, $2, ..., and rows.
class statement {
public:
	statement(mig_step *step, const char *sql)
	{
		mig_stmt *out = nullptr;
		check_step(mig_step_prepare(step, sql, &out));
		stmt.reset(out);
	}

	template <typename... Values> statement &bind(const Values &...values)
	{
		std::int32_t i = 0;
		(check_step(bind_one(++i, values)), ...);
		return *this;
	}

	// On to the next row; false: there is none.
	bool next()
	{
		std::int32_t has_row = 0;
		check_step(mig_stmt_step(stmt.get(), &has_row));
		return has_row;
	}
	// Runs it to its end, and makes it ready to run again.
	void run()
	{
		while (next())
			;
		check_step(mig_stmt_reset(stmt.get()));
	}

	std::int64_t integer(std::int32_t column) { return mig_stmt_int64(stmt.get(), column); }
	double real(std::int32_t column) { return mig_stmt_double(stmt.get(), column); }
	std::string text(std::int32_t column) { return to_string(mig_stmt_text(stmt.get(), column)); }
	bool is_null(std::int32_t column) { return mig_stmt_type(stmt.get(), column) == MIG_NULL; }

private:
	mig_status bind_one(std::int32_t i, std::nullptr_t) { return mig_stmt_bind_null(stmt.get(), i); }
	mig_status bind_one(std::int32_t i, std::int64_t v) { return mig_stmt_bind_int64(stmt.get(), i, v); }
	mig_status bind_one(std::int32_t i, double v) { return mig_stmt_bind_double(stmt.get(), i, v); }
	mig_status bind_one(std::int32_t i, const std::string &v)
	{
		return mig_stmt_bind_text(stmt.get(), i, v.c_str());
	}

	std::unique_ptr<mig_stmt, freer> stmt;
};

// A revision while it runs: good inside its callback alone.
class step {
public:
	explicit step(mig_step *running) : handle(running) {}

	void execute(const char *sql) { check_step(mig_step_exec(handle, sql)); }
	statement prepare(const char *sql) { return { handle, sql }; }

private:
	mig_step *handle;
};

using step_function = std::function<void(step &)>;
using progress_function = std::function<bool(const mig_progress &)>; // true: stop

// A revision written in C++. Without downgrade it is irreversible.
struct revision {
	std::string id, message;
	std::vector<std::string> revises;
	step_function upgrade, downgrade;
};

struct log_entry {
	std::string revision, direction, state, started_at, actor;
	std::int64_t statements, duration_us;
};

// A database and the revisions meant for it. Used by one thread at a time, but for cancel().
class migrations {
public:
	explicit migrations(const char *url)
	{
		mig_ctx *out = nullptr;
		mig_status status = mig_open(&out, url);
		ctx.reset(out);
		check(status);
	}
	migrations(const migrations &) = delete; // callbacks point here
	migrations &operator=(const migrations &) = delete;

	void add_script(const char *name, std::string_view text)
	{
		check(mig_add_script(ctx.get(), name, text.data(), text.size()));
	}

	void add_revision(revision r)
	{
		std::vector<const char *> parents;
		mig_revision_def def{};
		kept &k = revisions.emplace_back(kept{ this, std::move(r) });

		for (const std::string &id : k.revision.revises)
			parents.push_back(id.c_str());
		parents.push_back(nullptr);
		def.struct_size = sizeof def;
		def.id = k.revision.id.c_str();
		def.message = k.revision.message.c_str();
		def.revises = parents.data();
		def.upgrade = run_step;
		def.downgrade = k.revision.downgrade ? run_step : nullptr;
		def.user = &k;
		check(mig_add_revision(ctx.get(), &def));
	}

	void set_progress(progress_function fn)
	{
		progress = std::move(fn);
		check(mig_set_progress(ctx.get(), progress ? run_progress : nullptr, this));
	}

	void upgrade(const char *target = "head") { check(mig_upgrade(ctx.get(), target)); }
	void downgrade(const char *target) { check(mig_downgrade(ctx.get(), target)); }
	// Stops the run in progress. From any thread.
	void cancel() noexcept { mig_cancel(ctx.get()); }

	// The ids of the revisions that the database is at.
	std::vector<std::string> current()
	{
		mig_revision_list *out = nullptr;
		check(mig_current(ctx.get(), &out));
		std::unique_ptr<mig_revision_list, freer> list(out);
		std::vector<std::string> ids;
		for (size_t i = 0; i < mig_revision_list_count(list.get()); i++)
			ids.emplace_back(mig_revision_id(mig_revision_list_at(list.get(), i)));
		return ids;
	}

	// Closes the database now; the destructor does it otherwise. From inside a callback this is an
	// error, and the database stays open.
	void close()
	{
		check(mig_close(ctx.get()));
		static_cast<void>(ctx.release());
	}

	// The rows of the history table, oldest first.
	std::vector<log_entry> log()
	{
		mig_history_list *out = nullptr;
		check(mig_history_read(ctx.get(), &out));
		std::unique_ptr<mig_history_list, freer> list(out);
		std::vector<log_entry> entries;
		for (size_t i = 0; i < mig_history_list_count(list.get()); i++) {
			const mig_history_entry &e = *mig_history_list_at(list.get(), i);
			entries.push_back({ to_string(e.revision), to_string(e.direction),
					    to_string(e.state), to_string(e.started_at),
					    to_string(e.actor), e.statements, e.duration_us });
		}
		return entries;
	}

private:
	struct kept {
		migrations *owner;
		mig::revision revision;
	};

	void check(mig_status status)
	{
		std::exception_ptr cause = std::exchange(thrown, nullptr);
		if (status == MIG_ECANCELLED)
			throw cancelled(status, ctx.get(), cause);
		if (status)
			throw error(status, ctx.get(), cause);
	}

	// Nothing may be thrown through C.
	static mig_status run_step(void *user, mig_step *handle) noexcept
	{
		kept &k = *static_cast<kept *>(user);
		bool up = mig_step_direction(handle) == MIG_UPGRADE;
		step s(handle);

		try {
			(up ? k.revision.upgrade : k.revision.downgrade)(s);
			return MIG_OK;
		} catch (const step_failed &failure) {
			return failure.status;
		} catch (const std::exception &e) {
			k.owner->thrown = std::current_exception();
			return mig_step_fail(handle, e.what());
		} catch (...) {
			k.owner->thrown = std::current_exception();
			return mig_step_fail(handle, "not a std::exception");
		}
	}

	static std::int32_t run_progress(void *user, const mig_progress *p) noexcept
	{
		migrations &self = *static_cast<migrations *>(user);

		try {
			return self.progress(*p);
		} catch (...) {
			self.thrown = std::current_exception();
			return 1;
		}
	}

	std::deque<kept> revisions; // stays in place: the context has pointers to its elements
	progress_function progress;
	std::exception_ptr thrown;
	std::unique_ptr<mig_ctx, context_closer> ctx; // last, so closed before what it points to is gone
};

} // namespace mig

#endif
