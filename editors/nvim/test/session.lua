-- A session in a real Neovim, as an author has it: nothing is saved, all is seen.
--
--   nvim --clean --headless -l session.lua
--
-- with PLUGIN, ENGINES, ARTEFACTS and an engine's home in the environment: see run.

package.path = vim.env.PLUGIN .. '/test/?.lua;' .. package.path
local check = require('check')
local screen = require('screen')

local version = tostring(vim.version())
local folder = vim.env.DESK .. '/' .. version .. '/coffee'
local on_disk = { Dockerfile = 'FROM scratch\nCOPY page.txt /\n', ['page.txt'] = 'Espresso: 2.20\n' }

local function write(name, text)
  local file = assert(io.open(folder .. '/' .. name, 'w'))
  file:write(text)
  file:close()
end

local function read(path)
  local file = io.open(path)
  local text = file and file:read('*a')
  if file then
    file:close()
  end
  return text
end

vim.fn.mkdir(folder .. '/.git', 'p')
for name, text in pairs(on_disk) do
  write(name, text)
end
assert(vim.uv.fs_copyfile(vim.env.ENGINES .. '/bin/busybox', folder .. '/busybox'))

-- Steps wait for an hour, each under a number of its own, by which it is found among all
-- processes; and for a moment, so that they are seen.
local serial = vim.fn.getpid() * 100

--- A number of seconds that no other process sleeps for.
local function hours()
  serial = serial + 1
  return 1000000000 + serial
end

--- The processes that have an argument.
local function processes(argument)
  local found = {}
  for pid in vim.fs.dir('/proc') do
    local arguments = pid:find('^%d+$') and read('/proc/' .. pid .. '/cmdline') or ''
    if (arguments or ''):find('%z' .. argument .. '%z') then
      found[#found + 1] = pid
    end
  end
  return found
end

local function runs(argument)
  check.await('the step runs', function()
    return #processes(argument) > 0
  end)
end

local function dies(argument)
  check.await('the process of the step is gone', function()
    return #processes(argument) == 0
  end, 10)
end

local s = screen.start(folder, 'Dockerfile')

--- Has the buffer hold these lines, typed at its end.
local function retype(lines)
  s:ex('silent %d _')
  s:insert('i', table.concat(lines, '<Enter>'))
end

local base =
  { 'FROM scratch AS base', 'COPY busybox /bin/', 'RUN ["/bin/busybox", "--install", "/bin"]', '', 'FROM base AS page' }

local function dockerfile(...)
  return vim.list_extend(vim.list_slice(base), { ... })
end

local function diagnostics()
  return s:ask([[return vim.tbl_map(function(d)
    return { line = d.lnum + 1, message = d.message, severity = d.severity, source = d.source }
  end, vim.diagnostic.get(vim.fn.bufnr('Dockerfile$')))]])
end

local function status()
  return s:ask([[return require('buildls').status()]])
end

--- Waits for how a build ends.
local function ends(how)
  check.await('the build ends with ' .. how, function()
    return vim.startswith(status(), how)
  end)
end

--- A part stands on those before it: the first that fails is the last that runs.
local function part(name, run)
  return check.failed == 0
    and check.part(version .. ' ' .. name, run, function()
      io.stdout:write(s:gone() and '(the editor is gone)\n' or s:text())
    end)
end

part('a Dockerfile is opened, and the server attached', function()
  check.await('the server is there', function()
    return s:ask([[local c = vim.lsp.get_clients({ bufnr = 0, name = 'buildls' })[1] return c and c.initialized]])
  end)
end)

part('a mistake is underlined as it is typed', function()
  retype(dockerfile('COPPY page.txt /shop/'))
  local found = check.await('a diagnostic of the line', function()
    local d = diagnostics()[1]
    return d and d.line == 6 and d
  end)
  check.equal('its source', found.source, 'buildls')
  local underlined = [[
    for _, ns in pairs(vim.api.nvim_get_namespaces()) do
      for _, m in ipairs(vim.api.nvim_buf_get_extmarks(0, ns, { 5, 0 }, { 5, -1 }, { details = true })) do
        if (m[4].hl_group or ''):find('^DiagnosticUnderline') then
          return { from = m[3], to = m[4].end_col }
        end
      end
    end]]
  local where = check.await('something is underlined', function()
    local at = s:ask(underlined)
    return at ~= vim.NIL and at
  end)
  check.equal('what is underlined', where, { from = 0, to = 5 })
  s:shows('unknown instruction')
  s:keep('1-mistake', 'A mistake in a Dockerfile is underlined')
end)

part('a quick fix mends it', function()
  s:type('0')
  s:ex(
    'lua vim.lsp.buf.code_action({ apply = true, filter = function(a) return a.isPreferred or a.kind == "quickfix" end })'
  )
  check.await('the line is mended', function()
    return s:ask('return vim.api.nvim_buf_get_lines(0, 5, 6, false)[1]') == 'COPY page.txt /shop/'
  end)
  check.await('no diagnostic is left', function()
    return #diagnostics() == 0
  end)
end)

part('the stages are completed', function()
  check.equal('the targets', s:ask([[return vim.fn.getcompletion('Build ', 'cmdline')]]), { 'base', 'page' })
end)

part('a message that is too long for its line needs no key, and is whole', function()
  local name = 'a-stage-that-nobody-has-and-with-a-name-that-is-as-long-as-names-of-stages-never-are'
  s:ex('Build ' .. name)
  check.await('it is on the screen', function()
    return s:text():gsub('%s*\n%s*', ''):find(name, 1, true)
  end)
  s:shows('…') -- its beginning, in its line
  check.equal('it is asked for', s:ask('return vim.api.nvim_get_mode().mode'), 'n')
  s:type('l')
  check.await('the message is gone with the next movement', function()
    return s:ask('return #vim.api.nvim_list_wins()') == 1
  end)
end)

part('an unsaved Dockerfile is built, and its step that fails is marked', function()
  retype(dockerfile('COPY page.txt /shop/', 'RUN echo the oven is cold | tee /oven; sleep 2; exit 7'))
  s:ex('Build')
  check.await('the step is in the progress', function()
    return status():find('RUN echo the oven', 1, true)
  end)
  check.await('the statusline shows it', function()
    return s:text():find('\n Dockerfile[^\n]*%% %[page 2/2%] RUN echo')
  end)
  local live = check.await('the output of the step is in the log', function()
    local now = s:ask([[return {
      text = table.concat(vim.api.nvim_buf_get_lines(vim.fn.bufnr('buildls://log'), 0, -1, false), '\n'),
      running = #require('buildls.state').running,
    }]])
    return now.text:find('\nthe oven is cold', 1, true) and now
  end)
  check.equal('builds that run meanwhile', live.running, 1)
  s:keep('2-building', 'A Dockerfile is being built; the statusline shows the step')
  ends('Failed')
  local found = check.await('the error', function()
    return diagnostics()[1]
  end)
  check.equal('its line', found.line, 7)
  check.contains('its message', found.message, 'exit code 7')
  s:shows('✗ exit 7')
  s:shows('▷ Build · failed')
  s:keep('3-failed', 'A line of a Dockerfile that failed is marked')
end)

part('its log tells the line', function()
  s:ex('BuildLog')
  s:shows('✗ [page 2/2]')
  s:keep('4-log', 'An unsaved Dockerfile was built in Neovim: the line that failed is marked, and its log is below')
  s:type('gg<Enter>')
  check.await('the cursor is in the Dockerfile', function()
    return s:ask([[return vim.fn.expand('%:t') == 'Dockerfile' and vim.fn.line('.')]]) == 7
  end)
  s:ex('only')
end)

--- Ends the shell, and with a key its terminal, as Neovim has it.
local function exit(code)
  s:type(('exit %d<Enter>'):format(code))
  s:shows(('[Process exited %d]'):format(code))
  s:type('<Enter>')
  check.await('the terminal is gone', function()
    return s:ask([[return vim.fn.expand('%:t')]]) == 'Dockerfile'
  end)
end

part('a lens opens a shell in the step that failed', function()
  s:ex('lua vim.lsp.codelens.run()')
  s:shows('/ #')
  s:type('cat /oven | tr a-z A-Z; ls /shop<Enter>')
  s:shows('THE OVEN IS COLD')
  s:shows('page.txt')
  s:keep('5-shell', 'A shell in the step of a Dockerfile that failed')
  exit(3)
end)

part('a quick fix opens one too', function()
  s:ex('lua vim.lsp.buf.code_action({ apply = true, filter = function(a) return a.title:find("shell") end })')
  s:shows('/ #')
  exit(0)
end)

part('mended and built again, still unsaved; a buffer of the context is built too', function()
  s:ex('edit page.txt')
  s:insert('ggcw', 'Flat white')
  s:ex('buffer Dockerfile')
  retype(dockerfile('COPY page.txt /shop/', ('RUN echo mended %s > /shop/mended'):format(version)))
  check.await('the error is gone', function()
    return #diagnostics() == 0
  end)
  s:ex('Build')
  ends('Built')
  s:shows('▷ Build')
  check.await('marks', function()
    return #s:ask('return vim.lsp.inlay_hint.get({ bufnr = 0 })') >= 4
  end)
  s:shows('cached')
  check.await('nothing is shown as running', function()
    return not s:text():find('running', 1, true)
  end)
  s:keep('6-built', 'A Dockerfile was built; behind each line stands how long it took')
  local result = s:ask([[return require('buildls.state').last]])
  check.equal('status', result.status, 'succeeded')
  check.equal('what stood in for files', #result.overlaid, 2)
end)

part('the builds and their steps are in the quickfix list', function()
  s:ex('BuildHistory')
  s:shows('not cached: ')
  s:keep('7-history', 'The builds of a Dockerfile, and what became of their steps, in the quickfix list')
  s:ex('call search("✗ ")')
  s:shows('✗ [page 2/2]')
  s:type('<Enter>')
  check.await('the cursor is on the line that failed then', function()
    return s:ask([[return vim.fn.expand('%:t') == 'Dockerfile' and vim.fn.line('.')]]) == 7
  end)
  s:type('<C-w>p')
  s:ex('BuildLog')
  check.await('the log of the step that failed then', function()
    return s:ask([[return vim.bo.buftype == 'nofile' and vim.fn.getline(1)]]) == 'the oven is cold'
  end)
  s:ex('close')
end)

part('what a step changed is listed, and its files are read', function()
  s:ex('silent! buffer Dockerfile | only | 7')
  s:ex('BuildFiles')
  s:shows('1 added')
  s:ex('call search("mended$")')
  s:type('<Enter>')
  check.await('the file', function()
    return s:ask([[return vim.fn.expand('%'):find('^buildls://file/') and vim.fn.getline(1)]]) == 'mended ' .. version
  end)
  s:keep('8-files', 'What a step of a Dockerfile changed, and one of the files')
  s:ex('silent! buffer Dockerfile | only')
end)

part('the image holds what the buffers hold', function()
  local out = folder .. '/out'
  s:ex(('lua require("buildls").build({ outputs = { { type = "local", dest = "%s" } } })'):format(out))
  local exported = { mended = ('mended %s\n'):format(version), ['page.txt'] = 'Flat white: 2.20\n' }
  for name, text in pairs(exported) do
    check.await(name .. ' as the Dockerfile makes it', function()
      return read(out .. '/shop/' .. name) == text
    end)
  end
  for name, text in pairs(on_disk) do
    check.equal(name .. ' on the disk', read(folder .. '/' .. name), text)
  end
end)

part('what is typed is built, if that is set or turned on', function()
  s:ex('BuildWhileTyping')
  local function becomes(how, problems)
    check.await('the statusline says ' .. how, function()
      return vim.endswith(status(), how) and #diagnostics() == problems
    end)
  end
  retype(dockerfile('RUN exit 5'))
  becomes('[typing: failed]', 1)
  check.contains('its mistake', diagnostics()[1].message, 'exit code 5')
  retype(dockerfile('RUN true'))
  becomes('[typing: succeeded]', 0)
  s:ex('BuildWhileTyping')
  check.await('the statusline no longer says so', function()
    return not status():find('[typing', 1, true)
  end)
end)

part(':BuildCancel ends a long step', function()
  local long = hours()
  retype(dockerfile('RUN sleep ' .. long))
  s:ex('Build')
  runs(tostring(long))
  s:ex('BuildCancel')
  ends('Canceled')
  dies(tostring(long))
end)

if vim.fn.has('nvim-0.12') == 1 then
  part("the editor's own progress cancels a build", function()
    local long = hours()
    retype(dockerfile('RUN sleep ' .. long))
    s:ask([[vim.api.nvim_create_autocmd('Progress', { callback = function(ev) _G.progress = ev.data end })]])
    s:ex('Build')
    runs(tostring(long))
    s:ask([[vim.api.nvim_echo({ { 'enough' } }, false, {
      id = _G.progress.id, kind = 'progress', source = _G.progress.source, status = 'cancel',
    })]])
    ends('Canceled')
    dies(tostring(long))
  end)
end

part(':qa! in the middle of a build leaves nothing', function()
  local long = hours()
  retype(dockerfile('RUN sleep ' .. long))
  s:ex('Build')
  runs(tostring(long))
  s:ex('qa!')
  check.await('Neovim is gone', function()
    return s:gone()
  end)
  dies(tostring(long))
end)

s:kill()
check.done()
