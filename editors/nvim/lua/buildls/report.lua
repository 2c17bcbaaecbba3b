-- :BuildInfo and :BuildContext: what the server says, as text in a buffer of its own.

local server = require('buildls.server')
local state = require('buildls.state')

local M = {}

--- Shows lines in the buffer of that name, below.
---@param lines string[]
local function show(name, lines)
  local bufnr = vim.fn.bufnr('^' .. name .. '$')
  if bufnr == -1 then
    bufnr = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(bufnr, name)
    vim.keymap.set('n', 'q', '<C-w>c', { buffer = bufnr, desc = 'Close this window' })
  end
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, vim.split(table.concat(lines, '\n'), '\n'))
  vim.bo[bufnr].modifiable = false
  if #vim.fn.win_findbuf(bufnr) == 0 then
    vim.cmd(('botright %dsplit | buffer %d'):format(math.min(#lines + 1, 15), bufnr))
  end
end

local function of_engine(answer)
  local lines = {
    ('engine   %s %s'):format(answer.name, answer.version),
    ('address  %s'):format(answer.address),
    ('why      %s'):format(answer.why),
  }
  for _, tried in ipairs(answer.tried or {}) do
    lines[#lines + 1] = ('tried    %s'):format(tried)
  end
  return lines
end

local function of_build(result)
  local lines = { '', ('build    %s'):format(vim.uri_to_fname(result.uri)) }
  if type(result.target) == 'string' and result.target ~= '' then
    lines[#lines + 1] = ('target   %s'):format(result.target)
  end
  vim.list_extend(lines, require('buildls.log').ending(result))
  for _, uri in ipairs(result.overlaid or {}) do
    lines[#lines + 1] = ('unsaved  %s'):format(vim.uri_to_fname(uri))
  end
  for _, tag in ipairs(result.tags or {}) do
    lines[#lines + 1] = ('image    %s'):format(tag)
  end
  for _, warning in ipairs(result.warnings or {}) do
    lines[#lines + 1] = ('note     %s'):format(warning.message)
  end
  return lines
end

--- Shows which engine would build, and what became of the newest build.
function M.info()
  server.with_client(function(client)
    server.execute(client, 'buildls.engine', {}, function(answer)
      local lines = of_engine(answer)
      if state.last then
        vim.list_extend(lines, of_build(state.last))
      end
      show('buildls://info', lines)
    end)
  end)
end

local function size(bytes)
  for _, unit in ipairs({ 'B', 'KB', 'MB' }) do
    if bytes < 1000 then
      return (unit == 'B' and '%d %s' or '%.1f %s'):format(bytes, unit)
    end
    bytes = bytes / 1000
  end
  return ('%.1f GB'):format(bytes)
end

--- Shows what a build would send, and why.
function M.context()
  server.with_client(function(client, uri)
    server.execute(client, 'buildls.context', { uri = uri }, function(answer)
      local lines = { ('%d files, %s; %d excluded'):format(answer.files, size(answer.bytes), answer.excluded or 0) }
      for _, group in ipairs({ { 'largest', answer.largest }, { 'by instruction', answer.byInstruction } }) do
        vim.list_extend(lines, { '', group[1] })
        for _, item in ipairs(group[2] or {}) do
          lines[#lines + 1] = ('%10s  %s'):format(size(item.bytes), item.path or item.name)
        end
      end
      show('buildls://context', lines)
    end)
  end)
end

return M
