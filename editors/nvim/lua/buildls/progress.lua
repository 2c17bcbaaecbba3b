-- Progress in the message line. LspProgress, vim.lsp.status() and what builds on them need
-- nothing of this.

local options = require('buildls.options')
local server = require('buildls.server')
local state = require('buildls.state')

local M = {}

local has_progress_messages = vim.fn.has('nvim-0.12') == 1

--- Says whether something else shows the progress, or the message line is not free.
local function hidden()
  local mode = vim.api.nvim_get_mode()
  return not options.progress
    or package.loaded.fidget
    or package.loaded.noice
    or mode.blocking
    or mode.mode:find('^[cr]')
end

--- The first line of a text, as short as it must be for no key to be needed.
---@param beside? integer the width of what else stands in the message line
function M.fit(text, beside)
  text = text:match('^[^\n]*')
  local room = vim.v.echospace - (beside or 0)
  if vim.fn.strdisplaywidth(text) <= room then
    return text
  end
  return vim.fn.strcharpart(text, 0, math.max(room - 1, 0)) .. '…'
end

local function failed(value)
  return value.kind == 'end' and vim.startswith(value.message or '', 'Failed')
end

local function ending(value)
  local first = (value.message or ''):match('^[^\n]*'):gsub(':$', '')
  return first .. (failed(value) and '  (:BuildLog)' or '')
end

--- Before 0.12 it is a message like any other.
local function echo(value)
  if value.kind == 'end' then
    vim.api.nvim_echo({ { M.fit(ending(value)), failed(value) and 'ErrorMsg' or nil } }, true, {})
    return
  end
  local message = value.message and ': ' .. value.message or ''
  vim.api.nvim_echo({ { M.fit(('%3d%% %s%s'):format(value.percentage or 0, value.title or '', message)) } }, false, {})
end

-- The progress messages of Neovim 0.12, by their ids.
local messages = {} ---@type table<string, {client_id: integer, token: string|integer}>

--- Neovim 0.12 has progress messages of its own, which others read, and cancel. It shows
--- "TITLE: " and the percentage before the text.
local function echo_progress(client_id, token, value)
  local ended = value.kind == 'end'
  local id = ('buildls.%d.%s'):format(client_id, token)
  messages[id] = not ended and { client_id = client_id, token = token } or nil
  local title = ended and 'buildls' or M.fit(value.title or '', 40)
  local text = ended and ending(value) or value.message or 'Starting'
  vim.api.nvim_echo({ { M.fit(text, vim.fn.strdisplaywidth(title) + #': 100% ') } }, ended, {
    id = id,
    kind = 'progress',
    source = 'buildls',
    title = title,
    percent = not ended and value.percentage or nil,
    status = not ended and 'running' or failed(value) and 'failed' or 'success',
  })
end

---@param value table begin, report or end
function M.show(client_id, token, value)
  if hidden() then
    return
  end
  if has_progress_messages then
    echo_progress(client_id, token, value)
  else
    echo(value)
  end
end

--- Somebody asks for the end of a build by its progress message.
---@param data table of the event Progress
function M.asked(data)
  local message = data.status == 'cancel' and messages[data.id]
  local client = message and vim.lsp.get_client_by_id(message.client_id)
  if client then
    server.call(client, 'notify', 'window/workDoneProgress/cancel', { token = message.token })
  end
end

--- That builds follow the text, and how the last one ended; empty if they do not.
local function following()
  local _, now = next(state.following)
  if not now then
    return ''
  end
  return now.status == 'waiting' and '[typing]' or ('[typing: %s]'):format(now.status)
end

--- For a statusline: what runs, else how the newest build ended; and that builds follow the text.
---@return string
function M.status()
  local p = state.running[#state.running]
  local newest = state.ended:match('^[^\n;]*'):gsub(':$', '')
  if p then
    newest = ('%s %d%%%s'):format(p.title, p.percentage, p.message and ' ' .. p.message:match('^[^\n]*') or '')
  end
  return vim.trim(newest .. ' ' .. following())
end

return M
