-- :checkhealth buildls

local M = {}

local health = vim.health

--- What a program says, and how it ends.
---@param cmd string[]
---@param env? table<string, string>
---@return string
---@return boolean ok
local function run(cmd, env)
  local ok, process = pcall(vim.system, cmd, { text = true, timeout = 20000, env = env })
  if not ok then
    return 'it does not run', false
  end
  local done = process:wait()
  local said = vim.trim(done.stdout .. done.stderr)
  return said ~= '' and said or 'nothing within 20 s', done.code == 0
end

--- The server's program and the engine that it is told to use, as they are configured.
---@return string? program
---@return string? engine
local function configured()
  local config = vim.fn.has('nvim-0.11') == 1 and vim.lsp.config.buildls or nil
  local cmd = config and config.cmd or require('buildls.options').cmd
  local settings = config and (config.settings or {}).buildls or require('buildls.options').settings
  return type(cmd) == 'table' and cmd[1] or nil, (settings or {}).engine
end

local function check_server()
  local program, engine = configured()
  if not program then
    return health.info('the server is started by a function')
  end
  if vim.fn.executable(program) == 0 then
    return health.error(('%s is not on the PATH'):format(program), {
      require('buildls.install').command(),
      'or name it: require("buildls").setup({ cmd = { "/path/to/buildls" } })',
    })
  end
  local version, runs = run({ program, 'version' })
  health[runs and 'ok' or 'error'](('%s: %s'):format(vim.fn.exepath(program), version))
  local said, builds = run({ program, 'doctor' }, engine and { BUILDLS_ENGINE = engine })
  if builds then
    health.ok('there is an engine. buildls doctor says:\n' .. said)
  else
    health.error('nothing can be built, only checked. buildls doctor says:\n' .. said)
  end
end

local function check_clients()
  local clients = vim.lsp.get_clients({ name = 'buildls' })
  if #clients == 0 then
    health.info('no server is running: none was needed yet, or vim.lsp.enable("buildls") was not called')
  end
  for _, client in ipairs(clients) do
    local buffers = vim.tbl_count(client.attached_buffers or {})
    local what = buffers == 1 and 'buffer' or 'buffers'
    health.ok(('a server runs in %s, for %d %s'):format(client.root_dir or 'no folder', buffers, what))
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
  if vim.fn.has('nvim-0.10') == 0 then -- whose own health checks have other names
    local old = health or require('health')
    local tell = old.error or old.report_error
    return tell('Neovim 0.10 or newer is needed')
  end
  health.start('buildls')
  health.ok('Neovim ' .. tostring(vim.version()))
  check_server()
  check_clients()
  check_neighbours()
  check_commands()
end

return M
