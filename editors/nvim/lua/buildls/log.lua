-- The log of the newest build, in a buffer, while it runs and after; and of earlier ones. <CR>
-- goes to the line of the Dockerfile that a line of the newest log is about.

local scratch = require('buildls.scratch')
local server = require('buildls.server')
local state = require('buildls.state')
local where = require('buildls.steps')

local M = {}

local headings = vim.api.nvim_create_namespace('buildls.log')

-- What the buffer shows.
local shown = {
  id = nil, ---@type string? of the build
  client_id = nil, ---@type integer?
  result = nil, ---@type table? known when it has ended
  step = nil, ---@type string? whose output came last
  partial = '', -- the last line, if it has no end yet
  steps = {}, ---@type table<integer, integer> headings to steps, 0-based as in the contract
}

---@return integer
local function buffer()
  local bufnr, new = scratch.buffer('buildls://log', M.jump, 'Go to the line of the Dockerfile')
  if new then
    shown.steps, shown.step = {}, nil
  end
  return bufnr
end

--- Puts lines in the place of those from row on; row counts from 0. Windows that show the end
--- go on showing it.
---@param lines string[]
---@return integer bufnr
local function write(row, lines)
  local bufnr = buffer()
  local last = vim.api.nvim_buf_line_count(bufnr)
  scratch.write(bufnr, row, lines)
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    if vim.api.nvim_win_get_cursor(window)[1] >= last then
      vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(bufnr), 0 })
    end
  end
  return bufnr
end

--- The row behind the last one that has text.
local function behind()
  local bufnr = buffer()
  local count = vim.api.nvim_buf_line_count(bufnr)
  local empty = count == 1 and vim.api.nvim_buf_get_lines(bufnr, 0, 1, false)[1] == ''
  return empty and 0 or count
end

--- A line that begins the output of a step, or tells how it ended.
---@param step? integer
local function heading(text, step, highlight)
  local row = behind()
  local bufnr = write(row, { (text:gsub('\n', ' ')) })
  local mark = vim.api.nvim_buf_set_extmark(bufnr, headings, row, 0, { line_hl_group = highlight })
  shown.steps[mark] = step
  shown.step, shown.partial = nil, ''
end

--- What a terminal would show of an output: no colours, and of a line that was written again
--- and again the last.
local function plain(text)
  text = text:gsub('\27%[[%d;?]*%a', ''):gsub('\r+\n', '\n')
  return (text:gsub('[^\n]*\r', ''))
end

--- Begins the log of a build, unless its first message was faster.
---@param id string
function M.begin(id, client_id)
  if shown.id == id or state.over[id] then
    return
  end
  shown.id, shown.client_id, shown.result = id, client_id, nil
  write(0, {})
  shown.steps, shown.step, shown.partial = {}, nil, ''
end

--- Takes a buildls/log: more of the output of a step.
---@param params {id: string, step?: integer, name: string, text: string}
function M.take(params, client_id)
  M.begin(params.id, client_id)
  if params.id ~= shown.id then
    return -- of an older build
  end
  if shown.step ~= params.name then
    heading(params.name, type(params.step) == 'number' and params.step or nil, 'Title')
    shown.step = params.name
  end
  local goes_on = shown.partial ~= ''
  local lines = vim.split(plain(shown.partial .. params.text), '\n')
  shown.partial = table.remove(lines)
  if shown.partial ~= '' then
    lines[#lines + 1] = shown.partial
  end
  write(goes_on and behind() - 1 or behind(), lines)
end

local signs = { cached = '=', done = '✓', failed = '✗', canceled = '-' }

--- What became of a step, in one line.
function M.summary(step)
  local how = step.status
  if step.status == 'done' then
    how = ('%.1f s'):format(step.durationMs / 1000)
  elseif type(step.exitCode) == 'number' then
    how = ('exit %d'):format(step.exitCode)
  end
  return ('%s %s  %s'):format(signs[step.status] or ' ', step.name, how)
end

--- Takes the result of a build: what became of each step, and why it failed.
---@param result table
function M.finish(result)
  if result.id ~= shown.id then
    return
  end
  shown.result = result
  if behind() > 0 then
    write(behind(), { '' })
  end
  for i, step in ipairs(result.steps) do
    heading(M.summary(step), i - 1, step.status == 'failed' and 'DiagnosticError' or 'Comment')
  end
  write(behind(), M.ending(result))
end

--- How a build ended, in a few lines.
---@return string[]
function M.ending(result)
  local seconds = result.durationMs / 1000
  if result.status ~= 'failed' or type(result.error) ~= 'table' then
    return { ('%s in %.1f s on %s'):format(result.status, seconds, result.engine) }
  end
  local lines = vim.split(result.error.message, '\n')
  lines[1] = ('failed in %.1f s: %s'):format(seconds, lines[1])
  return lines
end

--- The step that the line under the cursor is about, 0-based.
---@return integer?
local function step_here()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local above = vim.api.nvim_buf_get_extmarks(0, headings, { row, -1 }, 0, { limit = 1 })[1]
  return above and shown.steps[above[1]]
end

--- What the cursor is on, if it is in the log.
---@return buildls.At?
function M.here()
  if shown.id and vim.api.nvim_get_current_buf() == vim.fn.bufnr('^buildls://log$') then
    local step = step_here()
    local name = step and shown.result and shown.result.steps[step + 1].name
    return { client_id = shown.client_id, id = shown.id, step = step, name = name }
  end
end

--- Goes from the line under the cursor to the line of its step.
function M.jump()
  local step = step_here()
  if not step or not shown.result then
    local why = step and 'the line is known when the build has ended' or 'this is of no line of the Dockerfile'
    server.notify(why)
    return
  end
  server.jump(where.place_of(shown.result, step))
end

local function height()
  return math.min(12, math.floor(vim.o.lines * 0.4))
end

--- Shows the log of the newest build.
---@param step? integer whose output the cursor goes to, 0-based
local function newest(step)
  local bufnr = buffer()
  scratch.show(bufnr, height())
  local row = vim.api.nvim_buf_line_count(bufnr)
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(bufnr, headings, 0, -1, {})) do
    if step and shown.steps[mark[1]] == step then
      row = mark[2] + 1
      break
    end
  end
  vim.api.nvim_win_set_cursor(0, { row, 0 })
end

--- Shows what was kept of the output of a build, or of a step of it.
---@param at buildls.At
local function earlier(at)
  server.execute_at(at, 'buildls.log', { id = at.id, step = at.step }, function(answer)
    if answer.text == '' then
      return server.notify('nothing was printed')
    end
    local bufnr = scratch.buffer(('buildls://log/%s/%s'):format(at.id, at.step and at.step + 1 or ''))
    scratch.write(bufnr, 0, vim.split((plain(answer.text):gsub('\n$', '')), '\n'))
    vim.b[bufnr].buildls = at
    scratch.show(bufnr, height())
  end)
end

--- Shows the log of the newest build; that of another one, if the cursor is in what shows it.
---@param number? integer of the step whose output the cursor goes to, from 1
function M.open(number)
  local at = where.listed()
  if at and number then
    at.step = number - 1
  end
  if at and at.id ~= shown.id then
    earlier(at)
  else
    newest(number and number - 1 or at and at.step)
  end
end

return M
