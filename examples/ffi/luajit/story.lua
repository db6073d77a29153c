-- What a program does with libmig: luajit story.lua URL
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua;" .. package.path
local mig = require("mig")

local CREATE_NOTES = [[
-- create notes
--
-- revision: 0001

-- mig:upgrade
CREATE TABLE notes (id INTEGER PRIMARY KEY, body VARCHAR(80) NOT NULL, words INTEGER);
INSERT INTO notes (id, body) VALUES (1, 'buy milk'), (2, 'call the dentist');

-- mig:downgrade
DROP TABLE notes;
]]
local ADD_TAG = [[
-- add tag
--
-- revision: 0003
-- revises: 0002

-- mig:upgrade
ALTER TABLE notes ADD COLUMN tag VARCHAR(20);

-- mig:downgrade
ALTER TABLE notes DROP COLUMN tag;
]]
local BROKEN = [[
-- index the due dates
--
-- revision: 0004
-- revises: 0003

-- mig:upgrade
CREATE TABLE dates (id INTEGER PRIMARY KEY);
INSERT INTO dates
SELECT boddy FROM notes;
]]

local function count_words(step)
	for _, row in ipairs(step:query("SELECT id, body FROM notes ORDER BY id")) do
		local id, body = row[1], row[2]
		local _, words = body:gsub("%S+", "")
		step:query("UPDATE notes SET words = $1 WHERE id = $2", words, id)
		print(("      note %d has %d words"):format(id, words))
	end
end

local function forget_words(step)
	step:execute("UPDATE notes SET words = NULL")
end

local function give_up(step)
	step:execute("DELETE FROM notes")
	error("notes are precious", 0)
end

local function show(p)
	if p.event == mig.STEP_BEGIN then
		print(("  %d/%d %s %s"):format(p.step, p.steps, p.revision, p.message))
	elseif p.event == mig.STATEMENT then
		print("      " .. p.sql:match("%S+%s+%S+"))
	end
end

-- Opens the notes, calls fn with them, and closes them however it ends.
local function with_notes(url, fn)
	local notes = mig.open(url)
	local ok, failure = pcall(function()
		notes:add_script("0001_create_notes.sql", CREATE_NOTES)
		notes:add_revision { id = "0002", message = "count words", revises = { "0001" },
			upgrade = count_words, downgrade = forget_words }
		notes:add_script("0003_add_tag.sql", ADD_TAG)
		notes:set_progress(show)
		fn(notes)
	end)
	notes:close()
	if not ok then error(failure, 0) end
end

local function tell_current(notes)
	local ids = notes:current()
	print("current: " .. (#ids > 0 and table.concat(ids, " ") or "base"))
end

local function tell_error(e)
	print("  " .. e.name)
	for _, field in ipairs(mig.error_fields) do
		local value = tostring(e[field] or "-"):gsub("\n", " ")
		print(("  %s: %s"):format(field, value))
	end
end

local function fails(fn, ...)
	local ok, e = pcall(fn, ...)
	assert(not ok, "no error")
	return e
end

local url = arg[1]

with_notes(url, function(notes)
	print("upgrade")
	notes:upgrade("head")
	tell_current(notes)
end)

print("a script that fails")
with_notes(url, function(notes)
	notes:add_script("0004_index_dates.sql", BROKEN)
	tell_error(fails(notes.upgrade, notes, "head"))
	tell_current(notes)
end)

print("a function that fails")
with_notes(url, function(notes)
	notes:add_revision { id = "0004", revises = { "0003" }, upgrade = give_up }
	local e = fails(notes.upgrade, notes, "head")
	print(("  %s %s"):format(e.name, e))
	tell_current(notes)
end)

with_notes(url, function(notes)
	print("downgrade, cancelled")
	notes:set_progress(function(p)
		if p.revision == "0001" then notes:cancel() end
	end)
	print("  " .. fails(notes.downgrade, notes, "base").name)
	tell_current(notes)

	print("downgrade")
	notes:set_progress(show)
	notes:downgrade("base")
	tell_current(notes)

	print("log")
	for _, e in ipairs(notes:log()) do
		print(("  %s %s %s, %d statements"):format(e.direction, e.revision, e.state, e.statements))
	end
end)
