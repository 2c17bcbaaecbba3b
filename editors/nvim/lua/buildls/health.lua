-- :checkhealth buildls

local M = {}

local health = vim.health

local function check_neovim()
  if vim.fn.has('nvim-0.10') == 0 then
    health.error('Neovim 0.10 or newer is needed')
  else
    health.ok('Neovim ' .. tostring(vim.version()))
  end
end

--- What a program says; nil if it does not run.
---@param cmd string[]
---@return string?
local function run(cmd)
  local ok, process = pcall(vim.system, cmd, { text = true, timeout = 20000 })
  local done = ok and process:wait()
  return done and vim.trim(done.stdout .. done.stderr) or nil
end

--- The server's program, as it is configured.
local function command()
  local config = vim.fn.has('nvim-0.11') == 1 and vim.lsp.config.buildls or nil
  local cmd = config and config.cmd or require('buildls.options').cmd
  return type(cmd) == 'table' and cmd[1] or nil
end

local function check_server()
  local program = command()
  if not program then
    return health.info('the server is started by a function')
  end
  if vim.fn.executable(program) == 0 then
    return health.error(('%s is not on the PATH'):format(program), {
      'go install github.com/buildls/buildls/cmd/buildls@latest',
      'or name it: require("buildls").setup({ cmd = { "/path/to/buildls" } })',
    })
  end
  health.ok(('%s: %s'):format(vim.fn.exepath(program), run({ program, 'version' }) or 'it does not run'))
  health.info('buildls doctor says:\n' .. (run({ program, 'doctor' }) or 'nothing within 20 s'))
end

local function check_clients()
  local clients = vim.lsp.get_clients({ name = 'buildls' })
  if #clients == 0 then
    health.info('no server is running: none was needed yet, or vim.lsp.enable("buildls") was not called')
  end
  for _, client in ipairs(clients) do
    local buffers = vim.tbl_count(client.attached_buffers or {})
    health.ok(('a server runs in %s, for %d buffers'):format(client.root_dir or 'no folder', buffers))
  end
end

--- Others that underline the same mistakes.
local function check_neighbours()
  for _, name in ipairs({ 'docker_language_server', 'dockerls' }) do
    if #vim.lsp.get_clients({ name = name }) > 0 then
      health.warn(('%s is running too: mistakes may be underlined twice'):format(name))
    end
  end
end

local function check_commands()
  for name, ours in vim.spairs(require('buildls.commands').ours()) do
    if not ours then
      health.warn(
        (':%s is a command of yours, which was left alone'):format(name),
        'require("buildls").build() and :h buildls-lua do the same'
      )
    end
  end
end

function M.check()
  health.start('buildls')
  check_neovim()
  check_server()
  check_clients()
  check_neighbours()
  check_commands()
end

return M
