-- The log of the newest build, in a buffer, while it runs and after. <CR> goes to the line of
-- the Dockerfile that a line of the log is about.

local state = require('buildls.state')

local M = {}

local headings = vim.api.nvim_create_namespace('buildls.log')
local places = vim.api.nvim_create_namespace('buildls.steps') -- in the Dockerfile, moving with its text

-- What the buffer shows.
local shown = {
  id = nil, ---@type string? of the build
  uri = nil, ---@type string? of its Dockerfile; known when it has ended
  step = nil, ---@type string? whose output came last
  partial = '', -- the last line, if it has no end yet
  steps = {}, ---@type table<integer, integer> headings to steps, 0-based as in the contract
  places = {}, ---@type table<integer, integer> steps to places
}

---@return integer
local function buffer()
  local bufnr = vim.fn.bufnr('^buildls://log$')
  if bufnr ~= -1 then
    return bufnr
  end
  bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(bufnr, 'buildls://log')
  vim.bo[bufnr].modifiable, vim.bo[bufnr].undolevels = false, -1
  vim.keymap.set('n', '<CR>', M.jump, { buffer = bufnr, desc = 'Go to the line of the Dockerfile' })
  vim.keymap.set('n', 'q', '<C-w>c', { buffer = bufnr, desc = 'Close the log' })
  shown.steps, shown.step = {}, nil
  return bufnr
end

--- Puts lines in the place of those from row on; row counts from 0. Windows that show the end
--- go on showing it.
---@param lines string[]
---@return integer bufnr
local function write(row, lines)
  local bufnr = buffer()
  local last = vim.api.nvim_buf_line_count(bufnr)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, row, -1, false, lines)
  vim.bo[bufnr].modifiable = false
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
function M.begin(id)
  if shown.id == id or state.over[id] then
    return
  end
  shown.id, shown.uri, shown.places = id, nil, {}
  write(0, {})
  shown.steps, shown.step, shown.partial = {}, nil, ''
end

--- Takes a buildls/log: more of the output of a step.
---@param params {id: string, step?: integer, name: string, text: string}
function M.take(params)
  M.begin(params.id)
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

local function summary(step)
  local how = step.status
  if step.status == 'done' then
    how = ('%.1f s'):format(step.durationMs / 1000)
  elseif type(step.exitCode) == 'number' then
    how = ('exit %d'):format(step.exitCode)
  end
  return ('%s %s  %s'):format(signs[step.status] or ' ', step.name, how)
end

--- Marks the steps' lines in the Dockerfile, which is as it was built or nearly so: a jump
--- finds them when the text above was edited.
local function place(result)
  local bufnr = vim.uri_to_bufnr(result.uri)
  if not vim.api.nvim_buf_is_loaded(bufnr) then
    return
  end
  vim.api.nvim_buf_clear_namespace(bufnr, places, 0, -1)
  local last = vim.api.nvim_buf_line_count(bufnr) - 1
  for i, step in ipairs(result.steps) do
    local row = math.min(step.range.start.line, last)
    shown.places[i - 1] = vim.api.nvim_buf_set_extmark(bufnr, places, row, 0, {})
  end
end

--- Takes the result of a build: what became of each step, and why it failed.
---@param result table
function M.finish(result)
  if result.id ~= shown.id then
    return
  end
  shown.uri = result.uri
  place(result)
  if behind() > 0 then
    write(behind(), { '' })
  end
  for i, step in ipairs(result.steps) do
    heading(summary(step), i - 1, step.status == 'failed' and 'DiagnosticError' or 'Comment')
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

--- Goes from the line under the cursor to the line of its step.
function M.jump()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local above = vim.api.nvim_buf_get_extmarks(0, headings, { row, -1 }, 0, { limit = 1 })[1]
  local step = above and shown.steps[above[1]]
  local mark = step and shown.places[step]
  if not mark then
    local why = step and not shown.uri and 'the line is known when the build has ended'
      or 'this is of no line of the Dockerfile'
    require('buildls.server').notify(why)
    return
  end
  local bufnr = vim.uri_to_bufnr(shown.uri)
  local at = vim.api.nvim_buf_get_extmark_by_id(bufnr, places, mark, {})
  require('buildls.server').jump(bufnr, at[1])
end

--- Shows the log, at the output of a step if one is named: counted from 1, as the lines at its
--- end are.
---@param number? integer
function M.open(number)
  local bufnr = buffer()
  local window = vim.fn.win_findbuf(bufnr)[1]
  if window then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd(('botright %dsplit | buffer %d'):format(math.min(12, math.floor(vim.o.lines * 0.4)), bufnr))
    local here = vim.wo[0][0]
    here.wrap, here.number, here.relativenumber, here.signcolumn = false, false, false, 'no'
  end
  local row = vim.api.nvim_buf_line_count(bufnr)
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(bufnr, headings, 0, -1, {})) do
    if number and shown.steps[mark[1]] == number - 1 then
      row = mark[2] + 1
      break
    end
  end
  vim.api.nvim_win_set_cursor(0, { row, 0 })
end

return M
