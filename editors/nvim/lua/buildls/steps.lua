-- Which step of which build is meant: by its number, or by where the cursor is.

local state = require('buildls.state')

local M = {}

---@class buildls.At
---@field client_id integer
---@field id string of a build
---@field step? integer 0-based, as in the contract
---@field name? string of the step
---@field failed? boolean the step is a guess, and the build has one that failed

local places = vim.api.nvim_create_namespace('buildls.steps') -- in Dockerfiles, moving with their text

-- The newest build of each Dockerfile that is open, and its steps by their places.
local built = {} ---@type table<integer, {client_id: integer, result: table, steps: table<integer, integer>}>

--- Marks the lines of a build's steps in its Dockerfile, which is as it was built or nearly so.
---@param result table
function M.place(result, client_id)
  local bufnr = vim.uri_to_bufnr(result.uri)
  if not vim.api.nvim_buf_is_loaded(bufnr) then
    return
  end
  vim.api.nvim_buf_clear_namespace(bufnr, places, 0, -1)
  local of = { client_id = client_id, result = result, steps = {} }
  built[bufnr] = of
  local last = vim.api.nvim_buf_line_count(bufnr) - 1
  for i, step in ipairs(result.steps) do
    local from, to = step.range.start, step.range['end']
    local mark = vim.api.nvim_buf_set_extmark(bufnr, places, math.min(from.line, last), 0, {
      end_row = math.min(to.character > 0 and to.line or math.max(to.line - 1, from.line), last),
      end_col = 1,
      strict = false,
    })
    of.steps[mark] = i - 1
  end
end

--- Where a step of a build is now; where it was built, if there is a newer build.
---@param result table
---@param step integer
---@return integer bufnr
---@return integer row 0-based
function M.place_of(result, step)
  local bufnr = vim.uri_to_bufnr(result.uri)
  local of = built[bufnr]
  if of and of.result.id == result.id then
    for mark, at in pairs(of.steps) do
      if at == step then
        return bufnr, vim.api.nvim_buf_get_extmark_by_id(bufnr, places, mark, {})[1]
      end
    end
  end
  return bufnr, result.steps[step + 1].range.start.line
end

--- The newest build of a Dockerfile, and its step that the cursor is on.
---@return buildls.At?
local function in_dockerfile(bufnr)
  local of = built[bufnr]
  if not of then
    return nil
  end
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local mark = vim.api.nvim_buf_get_extmarks(bufnr, places, { row, 0 }, { row, -1 }, { overlap = true, limit = 1 })[1]
  local step = mark and of.steps[mark[1]]
  local name = step and of.result.steps[step + 1].name
  local failed = of.result.status == 'failed'
  return { client_id = of.client_id, id = of.result.id, step = step, name = name, failed = failed }
end

---@return buildls.At?
local function newest()
  local last = state.last
  return last and { client_id = state.last_client, id = last.id, failed = last.status == 'failed' }
end

--- That of the entry of :BuildHistory that the cursor is on, or of what this buffer shows.
---@return buildls.At?
function M.listed()
  if vim.fn.win_gettype() ~= 'quickfix' then
    return vim.b.buildls
  end
  local list = vim.fn.getqflist({ items = 0, context = 0 })
  local entry = list.context == 'buildls' and list.items[vim.fn.line('.')]
  return entry and entry.user_data or nil
end

--- The step that the cursor is on; or of that number, counted from 1, in the build that the
--- cursor is on; else of the newest build.
---@param number? integer
---@return buildls.At?
function M.meant(number)
  local at = M.listed() or require('buildls.log').here() or in_dockerfile(vim.api.nvim_get_current_buf()) or newest()
  if at and number then
    return { client_id = at.client_id, id = at.id, step = number - 1 }
  end
  return at
end

return M
