-- What the tests need of nvim-dap, which no package brings: a client of the Debug Adapter Protocol
-- that takes the same adapters and configurations. With NVIM_DAP, the tests use nvim-dap itself.

local M = { adapters = {}, configurations = {}, listeners = { after = {} } }

local breakpoints = {} -- lines, by the path of their file
local current

setmetatable(M.listeners.after, {
  __index = function(all, name)
    all[name] = {}
    return all[name]
  end,
})

local Session = {}
Session.__index = Session

function Session:request(command, arguments, on_answer)
  self.seq = self.seq + 1
  self.waiting[self.seq] = on_answer or function() end
  local content = vim.json.encode({
    seq = self.seq,
    type = 'request',
    command = command,
    arguments = arguments or vim.empty_dict(),
  })
  self.pipe:write(('Content-Length: %d\r\n\r\n%s'):format(#content, content))
end

function Session:event(name, body)
  if name == 'initialized' then
    for path, lines in pairs(breakpoints) do
      self:request('setBreakpoints', { source = { path = path }, breakpoints = lines })
    end
    self:request('setExceptionBreakpoints', { filters = { 'failure' } })
    self:request('configurationDone')
  elseif name == 'stopped' then
    self.stopped_thread_id, self.current_frame = body.threadId, nil
    self:request('stackTrace', { threadId = body.threadId }, function(answer)
      self.current_frame = answer.body.stackFrames[1]
    end)
  elseif name == 'terminated' then
    self:request('disconnect')
    current = nil
  end
  for _, listener in pairs(M.listeners.after['event_' .. name]) do
    listener(self, body)
  end
end

function Session:take(message)
  if message.type == 'event' then
    return self:event(message.event, message.body)
  end
  assert(message.success, vim.inspect(message))
  self.waiting[message.request_seq](message)
end

--- Takes the messages that have come.
function Session:feed(bytes)
  self.bytes = self.bytes .. bytes
  while true do
    local length, from = self.bytes:match('^Content%-Length: (%d+)\r\n\r\n()')
    if not length or #self.bytes < from + length - 1 then
      return
    end
    local content = self.bytes:sub(from, from + length - 1)
    self.bytes = self.bytes:sub(from + length)
    self:take(vim.json.decode(content))
  end
end

function M.run(config)
  M.adapters[config.type](function(adapter)
    assert(adapter.type == 'pipe', vim.inspect(adapter))
    local session = setmetatable({ pipe = vim.uv.new_pipe(), seq = 0, waiting = {}, bytes = '' }, Session)
    session.pipe:connect(adapter.pipe, function(err)
      assert(not err, err)
      session.pipe:read_start(vim.schedule_wrap(function(_, bytes)
        session:feed(bytes or '')
      end))
      current = session
      session:request('initialize', { adapterID = config.type, linesStartAt1 = true, columnsStartAt1 = true })
      session:request('launch', config)
    end)
  end, config)
end

function M.session()
  return current
end

function M.set_breakpoint()
  local path = vim.api.nvim_buf_get_name(0)
  breakpoints[path] = breakpoints[path] or {}
  table.insert(breakpoints[path], { line = vim.api.nvim_win_get_cursor(0)[1] })
end

for name, command in pairs({ continue = 'continue', step_over = 'next', step_back = 'stepBack', restart = 'restart' }) do
  M[name] = function()
    current:request(command, command ~= 'restart' and { threadId = current.stopped_thread_id } or nil)
  end
end

return M
