-- Lenses over the stages and marks behind the instructions. The server makes them, Neovim
-- draws them; what is here switches them on.

local files = require('buildls.files')
local options = require('buildls.options')
local call = require('buildls.server').call

local M = {}

-- Neovim 0.12 asks again when the server says so; older ones know no refresh of lenses, and
-- draw no new marks while the text stays as it is.
local refreshing = vim.fn.has('nvim-0.12') == 1

---@param bufnr integer
local function lenses(bufnr)
  if refreshing then
    vim.lsp.codelens.enable(true, { bufnr = bufnr })
    return
  end
  local function refresh()
    vim.lsp.codelens.refresh({ bufnr = bufnr })
  end
  local group = vim.api.nvim_create_augroup('buildls.lenses.' .. bufnr, {})
  vim.api.nvim_create_autocmd(
    { 'BufEnter', 'InsertLeave', 'TextChanged' },
    { group = group, buffer = bufnr, callback = refresh }
  )
  refresh()
end

--- Called for each buffer that the server is attached to.
---@param client vim.lsp.Client
---@param bufnr integer
function M.attached(client, bufnr)
  if not files.is_dockerfile(bufnr) and not files.known(vim.api.nvim_buf_get_name(bufnr)) then
    return -- a file of the context
  end
  if options.inlay_hints and call(client, 'supports_method', 'textDocument/inlayHint') then
    vim.lsp.inlay_hint.enable(true, { bufnr = bufnr })
  end
  if options.code_lens and call(client, 'supports_method', 'textDocument/codeLens') then
    lenses(bufnr)
  end
end

--- The handler of workspace/inlayHint/refresh for Neovim before 0.12.
local function redraw_hints(_, _, ctx)
  local client = vim.lsp.get_client_by_id(ctx.client_id)
  for bufnr in pairs(client and client.attached_buffers or {}) do
    if vim.lsp.inlay_hint.is_enabled({ bufnr = bufnr }) then
      vim.lsp.inlay_hint.enable(false, { bufnr = bufnr })
      vim.lsp.inlay_hint.enable(true, { bufnr = bufnr })
    end
  end
  return vim.NIL
end

M.handlers = { ['workspace/inlayHint/refresh'] = not refreshing and redraw_hints or nil }

--- Has the lenses of a client's buffers say how a build ended, where the server can't.
function M.finished(client_id)
  local client = vim.lsp.get_client_by_id(client_id)
  if
    refreshing
    or not client
    or not options.code_lens
    or not call(client, 'supports_method', 'textDocument/codeLens')
  then
    return
  end
  for bufnr in pairs(client.attached_buffers) do
    vim.lsp.codelens.refresh({ bufnr = bufnr })
  end
end

return M
