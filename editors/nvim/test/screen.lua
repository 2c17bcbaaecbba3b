-- A real Neovim on a terminal of tmux: keys go in, what is seen comes out. Beside that it is
-- asked, over its socket, for what a screen does not show.

local check = require('check')
local picture = require('picture')

local M = {}
M.__index = M

local columns, rows = 100, 25
local tmux = { 'tmux', '-S', vim.env.DESK .. '/tmux', '-f', vim.env.PLUGIN .. '/../test/tmux.conf' }

---@param args string[]
---@return string
local function run(args)
  local done = vim.system(vim.list_extend(vim.list_extend({}, tmux), args), { text = true }):wait(10000)
  if done.code ~= 0 then
    error(('tmux %s: %s'):format(table.concat(args, ' '), done.stderr))
  end
  return done.stdout
end

--- Starts Neovim in a folder, with the configuration of test/init.lua.
---@param folder string
---@param file string to open
function M.start(folder, file)
  local socket = vim.env.TMPDIR .. '/nvim.sock'
  os.remove(socket)
  local command = { vim.v.progpath, '--clean', '-u', vim.env.PLUGIN .. '/test/init.lua', '--listen', socket, file }
  run(vim.list_extend({ 'new-session', '-d', '-x', columns, '-y', rows, '-c', folder, '--' }, command))
  local channel = check.await('Neovim listens', function()
    local ok, id = pcall(vim.fn.sockconnect, 'pipe', socket, { rpc = true })
    return ok and id > 0 and id
  end)
  return setmetatable({ channel = channel }, M)
end

--- Types text; in <> keys as tmux names them.
function M:type(text)
  for part, key in (text .. '<>'):gmatch('(.-)<(.-)>') do
    if part ~= '' then
      run({ 'send-keys', '-l', part })
    end
    if key ~= '' then
      run({ 'send-keys', key })
    end
  end
end

---@param mode string
local function has_mode(self, mode)
  return function()
    return vim.rpcrequest(self.channel, 'nvim_get_mode').mode == mode
  end
end

--- Goes to Normal mode. In it no Escape is pressed: with a key right behind it, it would be Alt
--- and that key. Elsewhere it is pressed again if it was taken for a part of what the terminal
--- itself says at that moment.
function M:normal()
  local there = has_mode(self, 'n')
  check.await('Normal mode', function()
    if vim.wait(50, there, 10) then -- a command may be on its way
      return true
    end
    run({ 'send-keys', 'Escape' })
    return vim.wait(1000, there, 20)
  end)
end

--- Types text in Insert mode, where some keys lead.
function M:insert(keys, text)
  self:type(keys)
  check.await('Insert mode', has_mode(self, 'i'))
  self:type(text)
  self:normal()
end

--- Types an Ex command.
function M:ex(command)
  self:normal()
  run({ 'send-keys', '-l', ':' .. command })
  run({ 'send-keys', 'Enter' })
end

--- What Lua code returns there. The plugin must never have Neovim wait for a key.
function M:ask(code, ...)
  check.await('Neovim waits for no key', function()
    return not vim.rpcrequest(self.channel, 'nvim_get_mode').blocking
  end, 5)
  return vim.rpcrequest(self.channel, 'nvim_exec_lua', code, { ... })
end

--- The screen as text.
---@return string
function M:text()
  return run({ 'capture-pane', '-p' })
end

--- Waits until the screen shows a text.
function M:shows(text, seconds)
  check.await(('the screen shows %q'):format(text), function()
    return self:text():find(text, 1, true)
  end, seconds)
end

--- Keeps the screen, for a terminal (cat shows it) and as a picture.
---@param name string
---@param label string what is to be seen
function M:keep(name, label)
  local captured = run({ 'capture-pane', '-e', '-p' })
  local path = ('%s/nvim-%s-%s'):format(vim.env.ARTEFACTS, tostring(vim.version()), name)
  for extension, text in pairs({ ansi = captured, svg = picture.svg(captured, label, columns) }) do
    local file = assert(io.open(path .. '.' .. extension, 'w'))
    file:write(text)
    file:close()
  end
end

--- Says whether the session is over.
function M:gone()
  return vim.system(vim.list_extend(vim.list_extend({}, tmux), { 'has-session' })):wait(10000).code ~= 0
end

function M:kill()
  vim.system(vim.list_extend(vim.list_extend({}, tmux), { 'kill-server' })):wait(10000)
end

return M
