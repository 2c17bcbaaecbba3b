-- The server: its configuration, what is sent to it, and what it sends.

local files = require('buildls.files')
local options = require('buildls.options')
local state = require('buildls.state')

local M = {}

local modern = vim.fn.has('nvim-0.11') == 1

local function source(f)
  return debug.getinfo(f, 'S').source
end

--- Tells the author. What is longer than the message line would have Neovim itself wait for a
--- key: its beginning is shown there, and all of it in a window that goes with the next movement.
---@param message string
function M.notify(message, level)
  message, level = 'buildls: ' .. message, level or vim.log.levels.INFO
  local short = require('buildls.progress').fit(message)
  local replaced = source(vim.notify) ~= source(vim.schedule_wrap) -- by a plugin; these two are of one file
  if replaced or short == message then
    return vim.notify(message, level)
  end
  vim.notify(short, level)
  vim.lsp.util.open_floating_preview(vim.split(message, '\n'), '', { focusable = false, max_width = vim.o.columns - 4 })
end

--- Goes to a line of a buffer, in a window that shows it if there is one.
---@param line integer 0-based
function M.jump(bufnr, line)
  local window = vim.fn.win_findbuf(bufnr)[1]
  if window then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd('aboveleft sbuffer ' .. bufnr)
  end
  vim.api.nvim_win_set_cursor(0, { math.min(line + 1, vim.api.nvim_buf_line_count(bufnr)), 0 })
end

--- The folder that is the workspace of a buffer; nil if the server has nothing to say to it.
---@param bufnr integer
---@return string?
function M.root(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name == '' or vim.bo[bufnr].buftype ~= '' then
    return nil -- to Neovim, all buffers without a name are at one address
  end
  if not files.is_dockerfile(bufnr) and not files.known(name) then
    return nil
  end
  for _, marker in ipairs(options.root_markers) do
    local root = vim.fs.root(name, marker)
    if root then
      return root
    end
  end
  return vim.fs.dirname(name)
end

--- Calls a method of a client. Those of Neovim 0.10 do not take the client itself.
---@param client vim.lsp.Client
---@param method string
function M.call(client, method, ...)
  if modern then
    return client[method](client, ...)
  end
  return client[method](...)
end

local handlers = {
  ['buildls/log'] = function(_, params, ctx)
    require('buildls.log').take(params, ctx.client_id)
  end,
  ['buildls/buildFinished'] = function(_, result, ctx)
    state.finished(result, ctx.client_id)
    require('buildls.steps').place(result, ctx.client_id)
    require('buildls.log').finish(result)
    require('buildls.marks').finished(ctx.client_id)
    vim.api.nvim_exec_autocmds('User', { pattern = 'BuildlsFinished', modeline = false, data = result })
  end,
  ['buildls/following'] = function(_, now, ctx)
    local before = state.following[ctx.client_id]
    state.followed(now, ctx.client_id)
    if not before then
      require('buildls.power').watch()
    end
    vim.cmd.redrawstatus({ bang = true })
  end,
  ['window/showMessage'] = function(_, params)
    local levels = { vim.log.levels.ERROR, vim.log.levels.WARN }
    M.notify((params.message:gsub('^buildls: ', '')), levels[params.type])
  end,
}

--- The configuration for vim.lsp.config, and without its root_dir for vim.lsp.start.
---@return table
function M.config()
  if modern then
    require('buildls.install').watch()
  end
  return {
    name = 'buildls',
    cmd = options.cmd,
    filetypes = files.filetypes,
    root_dir = function(bufnr, on_dir)
      local root = M.root(bufnr)
      if root then
        on_dir(root)
      end
    end,
    settings = { buildls = vim.empty_dict() },
    capabilities = {
      experimental = {
        buildls = {
          log = true,
          finished = true,
          shell = true,
          run = true,
          following = true,
          debug = require('buildls.debug').available(),
        },
      },
    },
    handlers = vim.tbl_extend('error', handlers, require('buildls.marks').handlers),
    on_exit = function(_, _, client_id)
      state.gone(client_id)
    end,
    commands = { -- of lenses and quick fixes
      ['buildls.build'] = function(command)
        M.build(command.arguments and command.arguments[1])
      end,
      ['buildls.context'] = function(command)
        require('buildls.report').context(command.arguments and command.arguments[1])
      end,
      ['buildls.debug'] = function(command)
        require('buildls.debug').run(command.arguments and command.arguments[1])
      end,
      ['buildls.shell'] = function(command, ctx)
        local argument = command.arguments[1]
        require('buildls.shell').open_at({ client_id = ctx.client_id, id = argument.id, step = argument.step })
      end,
      ['buildls.run'] = function(command, ctx)
        local argument = command.arguments[1]
        require('buildls.shell').run_at({ client_id = ctx.client_id, id = argument.id }, argument.command)
      end,
    },
  }
end

--- Has the server see a buffer, and starts it if need be.
---@param bufnr integer
---@return vim.lsp.Client? client which may not have answered initialize yet
function M.attach(bufnr)
  local root = M.root(bufnr)
  if not root then
    return
  end
  local config = modern and vim.lsp.config.buildls or nil
  config = vim.deepcopy(
    config or vim.tbl_deep_extend('force', M.config(), { cmd = options.cmd, settings = { buildls = options.settings } })
  )
  local program = type(config.cmd) == 'table' and config.cmd[1] or nil
  if program and vim.fn.executable(program) == 0 then
    return require('buildls.install').tell(program)
  end
  config.root_dir = root
  config.capabilities =
    vim.tbl_deep_extend('force', vim.lsp.protocol.make_client_capabilities(), config.capabilities or {})
  local id = vim.lsp.start(config, { bufnr = bufnr })
  return id and vim.lsp.get_client_by_id(id)
end

---@param bufnr integer
---@return vim.lsp.Client?
local function own(bufnr)
  return vim.lsp.get_clients({ name = 'buildls', bufnr = bufnr })[1]
end

--- The client to talk to from a buffer: its own, else that of the folder it lies in, else the
--- newest.
---@return vim.lsp.Client?
function M.client(bufnr)
  local client = own(bufnr)
  if client then
    return client
  end
  local all = vim.lsp.get_clients({ name = 'buildls' })
  local name = vim.api.nvim_buf_get_name(bufnr)
  for _, other in ipairs(all) do
    if other.root_dir and vim.startswith(name, other.root_dir .. '/') then
      return other
    end
  end
  return all[#all]
end

---@param client vim.lsp.Client
function M.knows(client, command)
  local provider = client.server_capabilities.executeCommandProvider
  return provider ~= nil and vim.tbl_contains(provider.commands or {}, command)
end

--- Sends a command of the contract. on_answer gets its answer; an error is shown.
---@param client vim.lsp.Client
---@param command string
---@param argument? table
---@param on_answer? fun(answer: any)
function M.execute(client, command, argument, on_answer)
  if not M.knows(client, command) then
    M.notify(('this server has no %s; a newer one may'):format(command), vim.log.levels.WARN)
    return
  end
  if not argument or vim.tbl_isempty(argument) then
    argument = vim.empty_dict()
  end
  local function done(err, answer)
    if err then
      M.notify(err.message, vim.log.levels.ERROR)
    elseif on_answer then
      on_answer(answer)
    end
  end
  M.call(client, 'request', 'workspace/executeCommand', { command = command, arguments = { argument } }, done)
end

--- Sends a command to the server that knows a build.
---@param at buildls.At
function M.execute_at(at, command, argument, on_answer)
  local client = vim.lsp.get_client_by_id(at.client_id)
  if not client then
    return M.notify('the server of that build has ended', vim.log.levels.WARN)
  end
  M.execute(client, command, argument, on_answer)
end

--- Has the server see every modified buffer below its root: each may stand in for a file of
--- the context.
---@param client vim.lsp.Client
function M.attach_modified(client)
  if not client.root_dir then
    return
  end
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    local inside = vim.startswith(vim.api.nvim_buf_get_name(buf), client.root_dir .. '/')
    if inside and vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].modified and vim.bo[buf].buftype == '' then
      vim.lsp.buf_attach_client(buf, client.id)
    end
  end
end

--- The client to ask from the current buffer, and its Dockerfile: nil is the one that was
--- opened or edited last.
---@return vim.lsp.Client? client nil if there is none
---@return string? uri
---@return string? problem why there is no client
function M.here()
  local bufnr = vim.api.nvim_get_current_buf()
  if not files.is_dockerfile(bufnr) then
    local client = M.client(bufnr)
    return client, nil, not client and 'no Dockerfile is open' or nil
  end
  if vim.api.nvim_buf_get_name(bufnr) == '' then
    return nil, nil, 'this buffer has no name: ":file Dockerfile" gives it one; it need not be written'
  end
  local client = own(bufnr) or M.attach(bufnr) -- it may have had no name when it was opened
  return client, vim.uri_from_bufnr(bufnr), not client and 'the server does not start; see :checkhealth buildls' or nil
end

--- Calls back with here(), as soon as the server has answered initialize; else says why not.
---@param callback fun(client: vim.lsp.Client, uri?: string)
function M.with_client(callback)
  local client, uri, problem = M.here()
  if not client then
    M.notify(problem, vim.log.levels.WARN)
    return
  end
  if client.initialized then
    callback(client, uri)
    return
  end
  vim.api.nvim_create_autocmd('LspAttach', {
    callback = function(ev)
      if ev.data.client_id == client.id then
        vim.schedule(function()
          callback(client, uri)
        end)
        return true
      end
    end,
  })
end

--- Builds. Without argument.uri it is the Dockerfile of the profile, if one is named, else that
--- of the current buffer, else the one that was opened or edited last.
---@param argument? table that of buildls.build
function M.build(argument)
  argument = vim.deepcopy(argument or {})
  M.with_client(function(client, uri)
    if not argument.profile then
      argument.uri = argument.uri or uri
    end
    M.attach_modified(client)
    M.execute(client, 'buildls.build', argument, function(answer)
      require('buildls.log').begin(answer.id, client.id)
    end)
  end)
end

--- Turns on that the text is built as it is typed, or off, for the server of the current buffer.
function M.while_typing()
  M.with_client(function(client)
    local settings = vim.tbl_get(client.settings or {}, 'buildls') or {}
    local on = settings.buildOn ~= 'type'
    settings = vim.tbl_extend('force', settings, { buildOn = on and 'type' or 'command' })
    client.settings = vim.tbl_extend('force', client.settings or {}, { buildls = settings })
    M.call(client, 'notify', 'workspace/didChangeConfiguration', { settings = client.settings })
    M.notify(on and 'what you type is built when you pause' or 'a build needs a command again')
  end)
end

function M.cancel()
  local client = state.running[1] and vim.lsp.get_client_by_id(state.running[#state.running].client_id) or M.client(0)
  if not client then
    M.notify('no build is running')
    return
  end
  M.execute(client, 'buildls.cancel', {}, function(answer)
    if not answer.canceled then
      M.notify('no build is running')
    end
  end)
end

return M
