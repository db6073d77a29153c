-- libmig for LuaJIT, with the declarations that are installed beside the headers.
--
--     local migrations = mig.open("sqlite:notes.db")
--     migrations:add_script("0001.sql", text)
--     migrations:upgrade()
--
-- Errors are tables with the fields of mig.error_fields. An error inside a callback stops the run,
-- which is rolled back, and is the field `cause` of the error of the call that ran it.
local ffi = require("ffi")

local header = assert(io.open(os.getenv("MIG_FLAT_HEADER") or "/usr/local/include/mig/mig.flat.h"))
ffi.cdef(header:read("*a"))
header:close()
local lib = ffi.load(os.getenv("MIG_LIBRARY") or "libmig.so.0")

-- A compiled call must not call back: leave this file to the interpreter.
jit.off(true, true)

local mig = {
	STEP_BEGIN = lib.MIG_EVENT_STEP_BEGIN,
	STATEMENT = lib.MIG_EVENT_STATEMENT,
	STEP_END = lib.MIG_EVENT_STEP_END,
	error_fields = { "revision", "file", "line", "column", "statement", "sqlstate", "hint" },
}

local function text(pointer)
	return pointer ~= nil and ffi.string(pointer) or nil
end

function mig.version()
	return text(lib.mig_version())
end

local Error = { __tostring = function(e) return e.message end }

local function new_error(status, ctx, cause)
	local e = { status = status, name = text(lib.mig_status_name(status)), cause = cause,
		message = text(lib.mig_error_message(ctx)) }
	for _, field in ipairs(mig.error_fields) do
		local value = lib["mig_error_" .. field](ctx)
		e[field] = type(value) == "number" and value or text(value)
	end
	return setmetatable(e, Error)
end

-- Steps: good inside their callback alone. A failed call raises its status as a number.

local Step = {}
Step.__index = Step

local function check_step(status)
	if status ~= 0 then error(status, 0) end
end

local function bind(stmt, i, value)
	if value == nil then
		return lib.mig_stmt_bind_null(stmt, i)
	elseif type(value) == "string" and value:find("%z") then
		return lib.mig_stmt_bind_blob(stmt, i, value, #value)
	elseif type(value) == "string" then
		return lib.mig_stmt_bind_text(stmt, i, value)
	elseif type(value) == "number" and value % 1 ~= 0 then
		return lib.mig_stmt_bind_double(stmt, i, value)
	end
	return lib.mig_stmt_bind_int64(stmt, i, value)
end

local function column(stmt, i)
	local kind = lib.mig_stmt_type(stmt, i)

	if kind == lib.MIG_INTEGER then
		return tonumber(lib.mig_stmt_int64(stmt, i))
	elseif kind == lib.MIG_REAL then
		return lib.mig_stmt_double(stmt, i)
	elseif kind == lib.MIG_TEXT then
		return text(lib.mig_stmt_text(stmt, i))
	elseif kind == lib.MIG_BLOB then
		local size = ffi.new("size_t[1]")
		local data = lib.mig_stmt_blob(stmt, i, size)
		return ffi.string(data, size[0])
	end
end

-- Runs statements without parameters or rows.
function Step:execute(sql)
	check_step(lib.mig_step_exec(self.pointer, sql))
end

-- The rows of one statement, as arrays. Parameters are written $1, $2, ...
function Step:query(sql, ...)
	local out, more, rows = ffi.new("mig_stmt *[1]"), ffi.new("int32_t[1]"), {}
	check_step(lib.mig_step_prepare(self.pointer, sql, out))
	local stmt = ffi.gc(out[0], lib.mig_stmt_free)
	local ok, failure = pcall(function(...)
		for i = 1, select("#", ...) do
			check_step(bind(stmt, i, (select(i, ...))))
		end
		check_step(lib.mig_stmt_step(stmt, more))
		while more[0] ~= 0 do
			local row = {}
			for i = 1, lib.mig_stmt_column_count(stmt) do
				row[i] = column(stmt, i - 1)
			end
			rows[#rows + 1] = row
			check_step(lib.mig_stmt_step(stmt, more))
		end
	end, ...)
	-- not when the collector comes to it: it must be gone when the step ends
	lib.mig_stmt_free(ffi.gc(stmt, nil))
	if not ok then error(failure, 0) end
	return rows
end

-- Contexts

local Migrations = {}
Migrations.__index = Migrations

function mig.open(url)
	local out = ffi.new("mig_ctx *[1]")
	local status = lib.mig_open(out, url)
	local self = setmetatable({ ctx = ffi.gc(out[0], lib.mig_close), kept = {} }, Migrations)
	if status ~= 0 then
		local e = new_error(status, self.ctx)
		self:close()
		error(e)
	end
	return self
end

-- From inside a callback this is an error, and the database stays open.
function Migrations:close()
	self:check(lib.mig_close(self.ctx))
	ffi.gc(self.ctx, nil)
	self.ctx = nil
	-- the places of callbacks are few: give them back
	for _, fn in ipairs(self.kept) do fn:free() end
	self.kept = {}
end

function Migrations:check(status)
	local cause = self.cause
	self.cause = nil
	if status ~= 0 then error(new_error(status, self.ctx, cause)) end
end

-- A function of C that calls a function of Lua, kept until close().
function Migrations:callback(kind, fn)
	local c = ffi.cast(kind, fn)
	self.kept[#self.kept + 1] = c
	return c
end

function Migrations:add_script(name, script)
	self:check(lib.mig_add_script(self.ctx, name, script, #script))
end

function Migrations:step_fn(fn)
	return fn and self:callback("mig_step_fn", function(_, pointer)
		local ok, failure = pcall(fn, setmetatable({ pointer = pointer }, Step))
		if ok then return lib.MIG_OK end
		if type(failure) == "number" then return failure end
		self.cause = failure -- none may pass through C
		return lib.mig_step_fail(pointer, tostring(failure))
	end)
end

-- A revision written in Lua: def has id, upgrade, and if wanted downgrade, message, revises.
function Migrations:add_revision(def)
	local parents = def.revises or {}
	-- ends with NULL: not by an initialiser, which would repeat a single element
	local revises = ffi.new("const char *[?]", #parents + 1)
	for i, id in ipairs(parents) do revises[i - 1] = id end
	self:check(lib.mig_add_revision(self.ctx, ffi.new("mig_revision_def", {
		struct_size = ffi.sizeof("mig_revision_def"),
		id = def.id,
		message = def.message,
		revises = revises,
		upgrade = self:step_fn(def.upgrade),
		downgrade = self:step_fn(def.downgrade),
	})))
end

-- fn takes a table; a true result stops the run. nil: none.
function Migrations:set_progress(fn)
	self:check(lib.mig_set_progress(self.ctx, fn and self:callback("mig_progress_fn", function(_, p)
		local ok, stop = pcall(fn, {
			event = p.event,
			direction = p.direction,
			revision = text(p.revision),
			message = text(p.message),
			step = tonumber(p.step),
			steps = tonumber(p.steps),
			statement = tonumber(p.statement),
			sql = p.sql ~= nil and ffi.string(p.sql, p.sql_size) or nil,
			elapsed_us = tonumber(p.elapsed_us),
		})
		if not ok then self.cause = stop end
		return stop and 1 or 0
	end), nil))
end

function Migrations:upgrade(target)
	self:check(lib.mig_upgrade(self.ctx, target or "head"))
end

function Migrations:downgrade(target)
	self:check(lib.mig_downgrade(self.ctx, target))
end

-- Stops the run in progress.
function Migrations:cancel()
	lib.mig_cancel(self.ctx)
end

-- The ids of the revisions that the database is at.
function Migrations:current()
	local out, ids = ffi.new("mig_revision_list *[1]"), {}
	self:check(lib.mig_current(self.ctx, out))
	for i = 1, tonumber(lib.mig_revision_list_count(out[0])) do
		ids[i] = text(lib.mig_revision_id(lib.mig_revision_list_at(out[0], i - 1)))
	end
	lib.mig_revision_list_free(out[0])
	return ids
end

-- The rows of the history table, oldest first.
function Migrations:log()
	local out, entries = ffi.new("mig_history_list *[1]"), {}
	self:check(lib.mig_history_read(self.ctx, out))
	for i = 1, tonumber(lib.mig_history_list_count(out[0])) do
		local entry = lib.mig_history_list_at(out[0], i - 1)
		entries[i] = { statements = tonumber(entry.statements), duration_us = tonumber(entry.duration_us) }
		for _, field in ipairs { "revision", "direction", "state", "digest", "started_at", "actor", "library" } do
			entries[i][field] = text(entry[field])
		end
	end
	lib.mig_history_list_free(out[0])
	return entries
end

return mig
