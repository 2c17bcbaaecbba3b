-- What helps where there is no server: the one command for this machine, told once.

local M = {}

--- Who could install it, the first that is there.
local programs = {
  { 'brew', 'brew install buildls/tap/buildls' },
  { 'scoop', 'scoop bucket add buildls https://github.com/buildls/scoop-bucket && scoop install buildls' },
  { 'winget', 'winget install buildls.buildls' },
  { 'npm', 'npm install -g buildls' },
  { 'go', 'go install github.com/buildls/buildls/cmd/buildls@latest' },
}

--- The command that installs the server here, or the page that says how.
---@return string
function M.command()
  if vim.fn.exists(':MasonInstall') == 2 or vim.api.nvim_get_runtime_file('lua/mason/init.lua', false)[1] then
    return ':MasonInstall buildls'
  end
  for _, program in ipairs(programs) do
    if vim.fn.executable(program[1]) == 1 then
      return program[2]
    end
  end
  return 'https://github.com/buildls/buildls#install'
end

local told = false

--- Tells, once in a session, that a program is missing, and what helps.
---@param program string
function M.tell(program)
  if not told then
    told = true
    local message = ('%s is not on the PATH. Install it: %s'):format(program, M.command())
    require('buildls.server').notify(message, vim.log.levels.WARN)
  end
end

--- Tells it when a Dockerfile is opened: vim.lsp.enable() passes over a program that is missing.
function M.watch()
  local files = require('buildls.files')
  local function look()
    local cmd = vim.lsp.config.buildls.cmd
    if type(cmd) ~= 'table' or vim.fn.executable(cmd[1]) == 1 then
      return
    end
    for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
      if vim.api.nvim_buf_is_loaded(bufnr) and files.is_dockerfile(bufnr) then
        return M.tell(cmd[1])
      end
    end
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('buildls.install', {}),
    pattern = files.filetypes,
    callback = vim.schedule_wrap(look),
  })
  vim.schedule(look) -- the configuration is asked for when a buffer is there already
end

return M
