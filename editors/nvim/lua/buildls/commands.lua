-- The user commands, and what has them know of the server.

local M = {}

local function server()
  return require('buildls.server')
end

--- Asks the server while the author waits: for completion.
---@return table[] empty if there is no answer within half a second
local function ask(client, command, argument)
  if not server().knows(client, command) then
    return {}
  end
  local params = { command = command, arguments = { next(argument) and argument or vim.empty_dict() } }
  local reply = server().call(client, 'request_sync', 'workspace/executeCommand', params, 500, 0)
  return reply and reply.result or {}
end

local function names(list)
  return vim
    .iter(list)
    :map(function(item)
      return item.name
    end)
    :filter(function(name)
      return type(name) == 'string' and name ~= ''
    end)
    :totable()
end

--- Stages that can be built, and profiles, that begin with what was typed.
local function complete_build(typed)
  local client, uri = server().here()
  if not client then
    return {}
  end
  local found = names(ask(client, 'buildls.targets', { uri = uri }))
  vim.list_extend(found, names(ask(client, 'buildls.profiles', { uri = uri })))
  return vim.tbl_filter(function(name)
    return vim.startswith(name, typed)
  end, found)
end

--- Builds a profile if there is one of that name, else a stage.
local function build(opts)
  if opts.args == '' then
    return server().build()
  end
  server().with_client(function(client, uri)
    for _, profile in ipairs(ask(client, 'buildls.profiles', { uri = uri })) do
      if profile.name == opts.args then
        local own = type(profile.uri) == 'string' and profile.uri ~= ''
        return server().build({ profile = profile.name, uri = not own and uri or nil })
      end
    end
    server().build({ target = opts.args })
  end)
end

--- Makes a command of what takes the number of a step, or none.
---@param show fun(number?: integer)
local function of_step(show)
  return function(opts)
    if opts.args ~= '' and not opts.args:find('^[1-9]%d*$') then
      return server().notify('a step is a number, from 1', vim.log.levels.WARN)
    end
    show(tonumber(opts.args))
  end
end

--- The first argument is a step if it is a number; the rest a program to run there.
local function shell(opts)
  local program = vim.list_slice(opts.fargs)
  local number = (program[1] or ''):find('^[1-9]%d*$') and tonumber(table.remove(program, 1)) or nil
  require('buildls.shell').open(number, program, opts.smods)
end

--- The arguments are a program, that stands in place of the image's command.
local function run(opts)
  require('buildls.shell').run(#opts.fargs > 0 and opts.fargs or nil, opts.smods)
end

local function complete_steps(typed, line)
  local last = require('buildls.state').last
  local first = not line:find('%S%s+%S+%s')
  return vim
    .iter(ipairs(first and last and last.steps or {}))
    :map(function(i)
      return tostring(i)
    end)
    :filter(function(number)
      return vim.startswith(number, typed)
    end)
    :totable()
end

local buildls = require('buildls')

local commands = {
  Build = {
    build,
    { nargs = '?', complete = complete_build, desc = 'Build the image of this Dockerfile, saved or not' },
  },
  BuildCancel = { buildls.cancel, { desc = 'Cancel the newest build' } },
  BuildWhileTyping = { buildls.while_typing, { desc = 'Turn building while typing on or off' } },
  BuildLog = { of_step(buildls.log), { nargs = '?', complete = complete_steps, desc = 'Show the log of a build' } },
  BuildContext = { buildls.context, { desc = 'Show what a build would send, and why' } },
  BuildInfo = { buildls.info, { desc = 'Show the engine and the newest build' } },
  BuildHistory = { buildls.history, { desc = 'List the builds and their steps in the quickfix list' } },
  BuildFiles = { of_step(buildls.files), { nargs = '?', complete = complete_steps, desc = 'Show what a step changed' } },
  BuildDebug = {
    function(opts)
      buildls.debug(opts.args ~= '' and { target = opts.args } or nil)
    end,
    { nargs = '?', complete = complete_build, desc = 'Debug the build of this Dockerfile' },
  },
  BuildRun = { run, { nargs = '*', desc = 'Run the image of a build' } },
  BuildShell = { shell, { nargs = '*', complete = complete_steps, desc = 'Open a shell in a step' } },
}

--- Whose command a name is: ours unless the author has one.
---@return table<string, boolean>
function M.ours()
  local defined = vim.api.nvim_get_commands({})
  local ours = {}
  for name, command in pairs(commands) do
    ours[name] = not defined[name] or defined[name].definition == command[2].desc
  end
  return ours
end

local function autocommand(event, opts)
  opts.group = vim.api.nvim_create_augroup('buildls.' .. event, {})
  vim.api.nvim_create_autocmd(event, opts)
end

--- Says whether an event is about our server.
local function of_buildls(ev)
  local client = vim.lsp.get_client_by_id(ev.data.client_id)
  return client and client.name == 'buildls' and client or nil
end

local function on_progress(ev)
  local params = ev.data.params
  if of_buildls(ev) and type(params.value) == 'table' then
    require('buildls.state').progress(ev.data.client_id, params.token, params.value)
    require('buildls.progress').show(ev.data.client_id, params.token, params.value)
    vim.cmd.redrawstatus()
  end
end

--- Defines the commands, once; plugin/ and setup() call it. One that the author has is left.
function M.define()
  local ours = M.ours()
  for name, command in pairs(commands) do
    if ours[name] then
      vim.api.nvim_create_user_command(name, command[1], command[2])
    end
  end
  require('buildls.files').detect()
  autocommand('LspProgress', { callback = on_progress })
  autocommand('LspAttach', {
    callback = function(ev)
      local client = of_buildls(ev)
      if client then
        require('buildls.marks').attached(client, ev.buf)
        if require('buildls.debug').available() then
          require('buildls.debug').register()
        end
      end
    end,
  })
  if vim.fn.has('nvim-0.12') == 1 then
    autocommand('Progress', {
      pattern = 'buildls',
      callback = function(ev)
        require('buildls.progress').asked(ev.data)
      end,
    })
  end
end

return M
