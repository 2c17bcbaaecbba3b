-- :BuildFiles: what a step changed, file by file, and each file as it left it.

local scratch = require('buildls.scratch')
local server = require('buildls.server')

local M = {}

--- Says below a text that it goes on.
local function cut(bufnr, answer)
  local rest = { { ('… cut here: the file has %s'):format(scratch.size(answer.bytes)), 'WarningMsg' } }
  local last = vim.api.nvim_buf_line_count(bufnr) - 1
  local below = vim.api.nvim_create_namespace('buildls.cut')
  vim.api.nvim_buf_set_extmark(bufnr, below, last, 0, { virt_lines = { rest } })
end

--- A buffer with a file as a step left it.
---@param at buildls.At
local function file_buffer(at, path, answer)
  local bufnr, new = scratch.buffer(('buildls://file/%s/%d%s'):format(at.id, at.step + 1, path))
  if new then
    scratch.write(bufnr, 0, vim.split((answer.text:gsub('\n$', '')), '\n'))
    vim.b[bufnr].buildls = at
    vim.bo[bufnr].filetype = vim.filetype.match({ buf = bufnr, filename = path }) or ''
    if answer.truncated then
      cut(bufnr, answer)
    end
  end
  return bufnr
end

--- Shows a file as a step left it, above what the step changed.
---@param at buildls.At
---@param path string
local function show(at, path)
  server.execute_at(at, 'buildls.file', { id = at.id, step = at.step, path = path }, function(answer)
    if answer.binary then
      return server.notify(('%s is binary, of %s'):format(path, scratch.size(answer.bytes)))
    end
    server.jump(file_buffer(at, path, answer), 0)
  end)
end

--- What a line leads to.
---@param at buildls.At
local function follow(at, change)
  if change.change == 'deleted' then
    return server.notify(change.path .. ' was deleted by this step')
  end
  if vim.endswith(change.path, '/') then
    return server.notify(change.path .. ' is a directory')
  end
  show(at, change.path)
end

---@param at buildls.At
local function lines(at, changes)
  local count = { added = 0, changed = 0, deleted = 0 }
  local list = { { '' } }
  for _, change in ipairs(changes) do
    count[change.change] = count[change.change] + 1
    local directory = vim.endswith(change.path, '/')
    local text = ('%-8s %9s  %s'):format(change.change, directory and '' or scratch.size(change.bytes), change.path)
    list[#list + 1] = {
      text,
      follow = function()
        follow(at, change)
      end,
    }
  end
  local name = at.name or ('step %d'):format(at.step + 1)
  list[1][1] = ('%s: %d added, %d changed, %d deleted'):format(name, count.added, count.changed, count.deleted)
  return list
end

--- Shows what a step changed.
---@param number? integer from 1; without it that which the cursor is on
function M.open(number)
  local at = require('buildls.steps').meant(number)
  if not at or not at.step then
    local why = at and 'which step? Put the cursor on its line, or give its number' or 'nothing was built yet'
    return server.notify(why, vim.log.levels.WARN)
  end
  server.execute_at(at, 'buildls.files', { id = at.id, step = at.step }, function(changes)
    local bufnr = scratch.list(('buildls://files/%s/%d'):format(at.id, at.step + 1), lines(at, changes))
    vim.b[bufnr].buildls = at
    vim.api.nvim_win_set_cursor(0, { math.min(2, #changes + 1), 0 })
  end)
end

return M
