-- :BuildInfo and :BuildContext: what the server says, as text in a buffer of its own. <CR> on
-- a line that is about a line of a file goes there.

local scratch = require('buildls.scratch')
local server = require('buildls.server')
local state = require('buildls.state')

local M = {}

---@param lines buildls.Line[]
---@param place? {uri: string, line: integer}
local function add(lines, format, arguments, place)
  local function follow()
    server.jump(vim.uri_to_bufnr(place.uri), place.line)
  end
  lines[#lines + 1] = { format:format(unpack(arguments)), follow = place and follow }
end

local function add_engine(lines, answer)
  add(lines, 'engine   %s %s', { answer.name, answer.version })
  add(lines, 'address  %s', { answer.address })
  add(lines, 'why      %s', { answer.why })
  for _, tried in ipairs(answer.tried or {}) do
    add(lines, 'tried    %s', { tried })
  end
end

local function add_build(lines, result)
  local place = { uri = result.uri, line = 0 }
  if type(result.error) == 'table' and type(result.error.range) == 'table' then
    place.line = result.error.range.start.line
  end
  add(lines, '', {})
  add(lines, 'build    %s', { vim.uri_to_fname(result.uri) }, place)
  if type(result.target) == 'string' and result.target ~= '' then
    add(lines, 'target   %s', { result.target })
  end
  for _, text in ipairs(require('buildls.log').ending(result)) do
    add(lines, '         %s', { text })
  end
  for _, uri in ipairs(result.overlaid or {}) do
    add(lines, 'unsaved  %s', { vim.uri_to_fname(uri) }, { uri = uri, line = 0 })
  end
  for _, tag in ipairs(result.tags or {}) do
    add(lines, 'image    %s', { tag })
  end
  for _, warning in ipairs(result.warnings or {}) do
    add(lines, 'note     %s', { warning.message })
  end
end

--- Shows which engine would build, and what became of the newest build.
function M.info()
  server.with_client(function(client)
    server.execute(client, 'buildls.engine', {}, function(answer)
      local lines = {}
      add_engine(lines, answer)
      if state.last then
        add_build(lines, state.last)
      end
      scratch.list('buildls://info', lines)
    end)
  end)
end

local function add_context(lines, answer, uri)
  add(lines, '%s: %d files, %s', { answer.context, answer.files, scratch.size(answer.bytes) })
  for _, path in ipairs(answer.secrets or {}) do
    add(lines, '⚠ looks like a secret: %s', { path })
  end
  add(lines, '', {})
  add(lines, '%10s  %s', { 'size', 'taken by' })
  for _, use in ipairs(answer.byInstruction or {}) do
    local missing = #(use.missing or {}) > 0 and ': nothing matches ' .. table.concat(use.missing, ', ') or ''
    local place = uri and { uri = uri, line = use.range.start.line }
    add(lines, '%10s  %s%s', { scratch.size(use.bytes), use.name, missing }, place)
  end
  add(lines, '', {})
  add(lines, '%10s  %s', { 'size', 'the largest' })
  for _, file in ipairs(answer.largest or {}) do
    add(lines, '%10s  %s', { scratch.size(file.bytes), file.path })
  end
  add(lines, '', {})
  add(lines, '%10s  %s', { 'files', 'kept out by' })
  for _, rule in ipairs(answer.excluded or {}) do
    local folders = rule.dirs > 0 and (', %d folders'):format(rule.dirs) or ''
    add(lines, '%10d  %s%s', { rule.files, rule.pattern, folders }, { uri = rule.uri, line = rule.line })
  end
end

--- Shows what a build would send, and why.
---@param argument? table that of buildls.context
function M.context(argument)
  server.with_client(function(client, uri)
    server.attach_modified(client)
    argument = vim.tbl_extend('keep', argument or {}, { uri = uri })
    server.execute(client, 'buildls.context', argument, function(answer)
      local lines = {}
      add_context(lines, answer, argument.uri)
      scratch.list('buildls://context', lines)
    end)
  end)
end

return M
