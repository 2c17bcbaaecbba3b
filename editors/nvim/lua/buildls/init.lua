-- buildls: builds container images from the buffer. See :h buildls
-- What is in this file is for users; the rest of the modules is not.

local M = {}

--- Sets options, and has the server started for Dockerfiles. On Neovim 0.11 and newer,
--- vim.lsp.enable('buildls') is enough if nothing is to be set.
---@param opts? table see :h buildls-setup
function M.setup(opts)
  if vim.fn.has('nvim-0.10') == 0 then
    return vim.notify('buildls: Neovim 0.10 or newer is needed', vim.log.levels.ERROR)
  end
  local options = require('buildls.options')
  for name, value in pairs(opts or {}) do
    if options[name] == nil then
      error(('buildls: there is no option %q; see :h buildls-setup'):format(name))
    end
    options[name] = value
  end
  require('buildls.commands').define()
  if vim.fn.has('nvim-0.11') == 1 then
    vim.lsp.config('buildls', { cmd = options.cmd, settings = { buildls = options.settings } })
    vim.lsp.enable('buildls')
  else
    M._enable()
  end
end

--- What vim.lsp.enable does, for Neovim 0.10.
function M._enable()
  local attach = require('buildls.server').attach
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('buildls.enable', {}),
    pattern = require('buildls.files').filetypes,
    callback = function(ev)
      attach(ev.buf)
    end,
  })
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.bo[bufnr].filetype ~= '' then
      attach(bufnr)
    end
  end
end

--- Builds, with the argument of the command buildls.build. When a build has ended, the event
--- User BuildlsFinished has its result as data.
---@param argument? table
function M.build(argument)
  require('buildls.server').build(argument)
end

--- Turns on that what is typed is built when one pauses, or off: the setting buildOn, until the
--- server ends.
function M.while_typing()
  require('buildls.server').while_typing()
end

--- Cancels the newest build that runs.
function M.cancel()
  require('buildls.server').cancel()
end

--- Shows the log of the newest build. In a list of :BuildHistory, and what was opened from it,
--- this and the rest are about the build and the step that the cursor is on.
---@param step? integer from 1, whose output the cursor goes to
function M.log(step)
  require('buildls.log').open(step)
end

--- Shows what a build would send, and why.
function M.context()
  require('buildls.report').context()
end

--- Shows the engine that would build, and the newest build.
function M.info()
  require('buildls.report').info()
end

--- Lists the builds that are remembered, and their steps, in the quickfix list.
function M.history()
  require('buildls.history').open()
end

--- Shows what a step changed.
---@param step? integer from 1; without it that which the cursor is on
function M.files(step)
  require('buildls.changes').open(step)
end

--- Opens a terminal with a shell in a step.
---@param step? integer from 1; without it the one that failed, else that which the cursor is on
---@param program? string[] what is run instead of the shell
function M.shell(step, program)
  require('buildls.shell').open(step, program)
end

--- Debugs a build with nvim-dap, with the argument of the command buildls.build.
---@param argument? table
function M.debug(argument)
  require('buildls.debug').run(argument)
end

--- Runs the image of a build in a terminal: that which the cursor is on, else the newest.
---@param command? string[] in place of the image's
function M.run(command)
  require('buildls.shell').run(command)
end

--- One line for a statusline: the build that runs, else how the newest ended; and "[typing]",
--- with a word about the last such build, if the text is built as it is typed. Empty if there is
--- nothing to say.
---@return string
function M.status()
  return require('buildls.progress').status()
end

return M
