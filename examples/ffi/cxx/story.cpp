// What a program does with libmig: story URL
#include "mig.hpp"

#include <iostream>
#include <iterator>
#include <sstream>

static const char create_notes[] = R"(-- create notes
--
-- revision: 0001

-- mig:upgrade
CREATE TABLE notes (id INTEGER PRIMARY KEY, body VARCHAR(80) NOT NULL, words INTEGER);
INSERT INTO notes (id, body) VALUES (1, 'buy milk'), (2, 'call the dentist');

-- mig:downgrade
DROP TABLE notes;
)";
static const char add_tag[] = R"(-- add tag
--
-- revision: 0003
-- revises: 0002

-- mig:upgrade
ALTER TABLE notes ADD COLUMN tag VARCHAR(20);

-- mig:downgrade
ALTER TABLE notes DROP COLUMN tag;
)";
static const char broken[] = R"(-- index the due dates
--
-- revision: 0004
-- revises: 0003

-- mig:upgrade
CREATE TABLE dates (id INTEGER PRIMARY KEY);
INSERT INTO dates
SELECT boddy FROM notes;
)";

static std::vector<std::string> words_of(const std::string &text)
{
	std::istringstream in(text);
	return { std::istream_iterator<std::string>(in), {} };
}

static void count_words(mig::step &step)
{
	auto read = step.prepare("SELECT id, body FROM notes ORDER BY id");
	auto write = step.prepare("UPDATE notes SET words = $1 WHERE id = $2");

	while (read.next()) {
		auto words = static_cast<std::int64_t>(words_of(read.text(1)).size());
		write.bind(words, read.integer(0)).run();
		std::cout << "      note " << read.integer(0) << " has " << words << " words\n";
	}
}

static void forget_words(mig::step &step) { step.execute("UPDATE notes SET words = NULL"); }

static void give_up(mig::step &step)
{
	step.execute("DELETE FROM notes");
	throw std::domain_error("notes are precious");
}

static bool show(const mig_progress &p)
{
	if (p.event == MIG_EVENT_STEP_BEGIN) {
		std::cout << "  " << p.step << "/" << p.steps << " " << p.revision << " " << p.message << "\n";
	} else if (p.event == MIG_EVENT_STATEMENT) {
		auto words = words_of({ p.sql, p.sql_size });
		std::cout << "      " << words[0] << " " << words[1] << "\n";
	}
	return false;
}

class notes : public mig::migrations {
public:
	explicit notes(const char *url) : mig::migrations(url)
	{
		add_script("0001_create_notes.sql", create_notes);
		add_revision({ "0002", "count words", { "0001" }, count_words, forget_words });
		add_script("0003_add_tag.sql", add_tag);
		set_progress(show);
	}

	void tell_current()
	{
		auto ids = current();
		std::cout << "current:";
		for (const std::string &id : ids)
			std::cout << " " << id;
		std::cout << (ids.empty() ? " base\n" : "\n");
	}
};

static void tell_error(const mig::error &e)
{
	auto or_dash = [](const std::string &text) { return text.empty() ? "-" : text; };
	std::string statement = e.statement;

	for (char &c : statement)
		c = c == '\n' ? ' ' : c;
	std::cout << "  " << e.name << "\n  revision: " << or_dash(e.revision) << "\n  file: " << or_dash(e.file)
		  << "\n  line: " << e.line << "\n  column: " << e.column << "\n  statement: " << or_dash(statement)
		  << "\n  sqlstate: " << or_dash(e.sqlstate) << "\n  hint: " << or_dash(e.hint) << "\n";
}

static void story(const char *url)
{
	{
		notes n(url);
		std::cout << "upgrade\n";
		n.upgrade("head");
		n.tell_current();
	}
	{
		notes n(url);
		std::cout << "a script that fails\n";
		n.add_script("0004_index_dates.sql", broken);
		try {
			n.upgrade("head");
		} catch (const mig::error &e) {
			tell_error(e);
		}
		n.tell_current();
	}
	{
		notes n(url);
		std::cout << "a function that fails\n";
		n.add_revision({ "0004", "", { "0003" }, give_up, nullptr });
		try {
			n.upgrade("head");
		} catch (const mig::error &e) {
			std::cout << "  " << e.name << " " << e.what() << "\n";
		}
		n.tell_current();
	}
	notes n(url);
	std::cout << "downgrade, cancelled\n";
	n.set_progress([&n](const mig_progress &p) {
		if (p.revision && p.revision == std::string_view("0001"))
			n.cancel();
		return false;
	});
	try {
		n.downgrade("base");
	} catch (const mig::cancelled &e) {
		std::cout << "  " << e.name << "\n";
	}
	n.tell_current();

	std::cout << "downgrade\n";
	n.set_progress(show);
	n.downgrade("base");
	n.tell_current();

	std::cout << "log\n";
	for (const mig::log_entry &e : n.log())
		std::cout << "  " << e.direction << " " << e.revision << " " << e.state << ", " << e.statements
			  << " statements\n";
}

int main(int argc, char **argv)
{
	try {
		story(argc > 1 ? argv[1] : "sqlite:notes.db");
		return 0;
	} catch (const std::exception &e) {
		std::cerr << "story: " << e.what() << "\n";
		return 1;
	}
}
