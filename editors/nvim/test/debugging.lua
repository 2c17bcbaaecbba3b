-- A build is debugged with nvim-dap, if NVIM_DAP names its folder; else with dapclient.
--
--   nvim --clean --headless -l debugging.lua

package.path = vim.env.PLUGIN .. '/test/?.lua;' .. package.path
local check = require('check')

local version = tostring(vim.version())
local folder = vim.env.DESK .. '/debugging-' .. version
vim.fn.mkdir(folder, 'p')
assert(vim.uv.fs_copyfile(vim.env.ENGINES .. '/bin/busybox', folder .. '/busybox'))
vim.opt.runtimepath:append(vim.env.PLUGIN)
vim.opt.runtimepath:append(vim.env.NVIM_DAP or vim.env.PLUGIN .. '/test/dapclient')
vim.cmd('filetype on | filetype plugin off')
require('buildls').setup()

local dap = require('dap')
local stops, printed, ended = {}, '', false
dap.listeners.after.event_stopped.test = function(_, body)
  stops[#stops + 1] = body
end
dap.listeners.after.event_output.test = function(_, body)
  printed = printed .. body.output
end
dap.listeners.after.event_terminated.test = function()
  ended = true
end

--- Waits for the next stop, and says why, and at which line, counted from 1.
local function stopped(do_it)
  local before = #stops
  do_it()
  check.await('a stop', function()
    return stops[before + 1]
  end)
  local frame = check.await('its frame', function()
    local session = dap.session()
    return not session.stopped_thread_id and nil or session.current_frame
  end)
  return { stops[before + 1].reason, frame.line }
end

--- Runs a command in the console, and waits for what it prints.
local function console(command, says)
  local session = dap.session()
  local argument = { expression = command, context = 'repl', frameId = session.current_frame.id }
  local answered = false
  session:request('evaluate', argument, function()
    answered = true
  end)
  check.await('what the console prints', function()
    return answered and printed:find(says, 1, true)
  end)
end

--- The variables of a scope, by their names.
local function scope(name)
  local session, values = dap.session(), nil
  session:request('scopes', { frameId = session.current_frame.id }, function(a, b)
    for _, found in ipairs((b or a.body).scopes) do -- nvim-dap's first argument is an error
      if found.name == name then
        session:request('variables', { variablesReference = found.variablesReference }, function(c, d)
          values = {}
          for _, variable in ipairs((d or c.body).variables) do
            values[variable.name] = variable.value
          end
        end)
      end
    end
  end)
  return check.await('the scope ' .. name, function()
    return values
  end)
end

check.part(version .. ' a build is debugged: stepped, back too, edited and gone on with', function()
  vim.cmd.edit(folder .. '/Dockerfile')
  vim.api.nvim_buf_set_lines(0, 0, -1, false, {
    'FROM scratch',
    'COPY busybox /bin/',
    'RUN ["/bin/busybox", "--install", "/bin"]',
    'RUN echo typed >/f; exit 3',
  })
  check.await('the server', function()
    local client = vim.lsp.get_clients({ name = 'buildls', bufnr = 0 })[1]
    return client and client.initialized and dap.adapters.buildls
  end)
  vim.api.nvim_win_set_cursor(0, { 3, 0 })
  dap.set_breakpoint()
  check.equal('the breakpoint', stopped(vim.cmd.BuildDebug), { 'breakpoint', 3 })
  check.equal('a step', stopped(dap.step_over), { 'step', 4 })
  check.equal('a step back', stopped(dap.step_back), { 'step', 3 })
  check.equal('on again', stopped(dap.step_over), { 'step', 4 })
  check.equal('the failure', stopped(dap.step_over), { 'exception', 4 })
  check.equal('a file that it has left', scope('Files').f, '-rw-r--r-- 6B')
  check.equal('a variable', scope('Image').Directory, '/')
  console('echo now $(cat /f)', 'now typed')
  vim.api.nvim_buf_set_lines(0, 3, 4, false, { 'RUN echo edited >/f' })
  local document = vim.lsp.util.make_text_document_params()
  vim.lsp.buf_request_sync(0, 'textDocument/foldingRange', { textDocument = document }, 10000) -- which tells of the edit
  check.equal('a restart', stopped(dap.restart), { 'restart', 4 })
  check.equal('the edited step', stopped(dap.step_over), { 'step', 4 })
  console('echo now $(cat /f)', 'now edited')
  dap.continue()
  check.await('the end', function()
    return ended
  end)
end, function()
  io.stdout:write(vim.inspect(stops) .. printed)
end)
check.done()
