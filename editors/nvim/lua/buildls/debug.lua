-- :BuildDebug, with nvim-dap (https://github.com/mfussenegger/nvim-dap). The server itself is the
-- debug adapter, so that what is debugged is the text of the buffer.

local server = require('buildls.server')

local M = {}

--- Says whether nvim-dap is installed, without loading it.
function M.available()
  return #vim.api.nvim_get_runtime_file('lua/dap.lua', false) > 0
end

--- Has the server wait for the debugger, and says where. The configuration may say more of the build.
local function adapter(on_config, config)
  server.with_client(function(client, uri)
    local named = config.uri or config.dockerfile or config.profile
    server.attach_modified(client)
    server.execute(client, 'buildls.debug', { uri = not named and uri or nil }, function(answer)
      on_config({ type = 'pipe', pipe = answer.address })
    end)
  end)
end

--- Tells nvim-dap how builds are debugged. What the author has set stays.
function M.register()
  local found, dap = pcall(require, 'dap')
  if not found then
    return
  end
  dap.adapters.buildls = dap.adapters.buildls or adapter
  dap.configurations.dockerfile = dap.configurations.dockerfile
    or {
      { type = 'buildls', request = 'launch', name = 'Debug this build' },
      { type = 'buildls', request = 'launch', name = 'Debug this build, from its first step', stopOnEntry = true },
    }
end

--- Debugs a build. Without argument.uri it is that of the current buffer.
---@param argument? table that of buildls.build
function M.run(argument)
  if not M.available() then
    return server.notify('to debug, install nvim-dap: https://github.com/mfussenegger/nvim-dap', vim.log.levels.WARN)
  end
  M.register()
  local config = { type = 'buildls', request = 'launch', name = 'Debug this build' }
  require('dap').run(vim.tbl_extend('force', config, argument or {}))
end

return M
