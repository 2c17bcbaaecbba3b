-- The configuration that the README gives for Neovim without the plugin: mistakes and quick
-- fixes.
--
--   nvim --clean --headless -l bare.lua
--
-- with PLUGIN in the environment: see run.

package.path = vim.env.PLUGIN .. '/test/?.lua;' .. package.path
local check = require('check')

if vim.fn.has('nvim-0.11') == 0 then
  check.done() -- without vim.lsp.enable it is not that short
end

local version = tostring(vim.version())
local folder = vim.env.DESK .. '/bare'
vim.fn.mkdir(folder .. '/.git', 'p')

check.part(version .. ' without the plugin there are mistakes and quick fixes', function()
  local readme = table.concat(vim.fn.readfile(vim.env.PLUGIN .. '/../../README.md'), '\n')
  assert(loadstring(readme:match("```lua\n(vim%.lsp%.config%('buildls'[^`]*)```")))()
  vim.cmd('filetype on | filetype plugin off')
  vim.cmd.edit(folder .. '/Dockerfile')
  vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'FRROM scratch' })
  local found = check.await('a diagnostic', function()
    return vim.diagnostic.get(0)[1]
  end)
  check.equal('its source', found.source, 'buildls')
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return action.kind == 'quickfix'
    end,
  })
  check.await('the line is mended', function()
    return vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] == 'FROM scratch'
  end)
  check.await('no diagnostic is left', function()
    return #vim.diagnostic.get(0) == 0
  end)
  check.equal('commands of a plugin', vim.fn.exists(':Build'), 0)
end)

check.done()
