-- Buffers for what the server says, one for each name: not written, not edited, and with <CR>
-- to where a line leads.

local M = {}

---@class buildls.Line
---@field [1] string
---@field follow? fun() goes where the line leads

local shown = {} ---@type table<integer, buildls.Line[]> by buffer

local function follow()
  local line = (shown[vim.api.nvim_get_current_buf()] or {})[vim.fn.line('.')]
  if line and line.follow then
    line.follow()
  end
end

--- The buffer of a name.
---@param on_enter? fun() what <CR> does, with what
---@param desc? string for the list of mappings
---@return integer bufnr
---@return boolean new
function M.buffer(name, on_enter, desc)
  local bufnr = vim.fn.bufnr('^' .. vim.fn.escape(name, '[]{},*?\\') .. '$')
  if bufnr ~= -1 then
    return bufnr, false
  end
  bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(bufnr, name)
  vim.bo[bufnr].modifiable, vim.bo[bufnr].undolevels = false, -1
  if on_enter then
    vim.keymap.set('n', '<CR>', on_enter, { buffer = bufnr, desc = desc })
  end
  vim.keymap.set('n', 'q', '<C-w>c', { buffer = bufnr, desc = 'Close this window' })
  return bufnr, true
end

--- Puts lines in the place of those from a row on, which counts from 0.
---@param lines string[]
function M.write(bufnr, row, lines)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, row, -1, false, lines)
  vim.bo[bufnr].modifiable = false
end

--- Shows a buffer below, in its window if it has one, and goes there.
---@param height integer of a new window
function M.show(bufnr, height)
  local window = vim.fn.win_findbuf(bufnr)[1]
  if window then
    vim.api.nvim_set_current_win(window)
    return
  end
  vim.cmd(('botright %dsplit | buffer %d'):format(height, bufnr))
  local here = vim.wo[0][0]
  here.wrap, here.number, here.relativenumber, here.signcolumn = false, false, false, 'no'
end

--- Shows lines in the buffer of that name.
---@param lines buildls.Line[]
---@return integer bufnr
function M.list(name, lines)
  local bufnr = M.buffer(name, follow, 'Go where the line leads')
  shown[bufnr] = lines
  local texts = vim.tbl_map(function(line)
    return (line[1]:gsub('\n', ' '))
  end, lines)
  M.write(bufnr, 0, texts)
  M.show(bufnr, math.min(#lines + 1, 15))
  return bufnr
end

--- A size as people read it.
---@param bytes integer
function M.size(bytes)
  for _, unit in ipairs({ 'B', 'kB', 'MB' }) do
    if bytes < 1000 then
      return (unit == 'B' and '%d %s' or '%.1f %s'):format(bytes, unit)
    end
    bytes = bytes / 1000
  end
  return ('%.1f GB'):format(bytes)
end

return M
