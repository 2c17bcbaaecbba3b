-- What the plugin does apart from a session at the screen.
--
--   nvim --clean --headless -l plugin.lua
--
-- with PLUGIN and an engine's home in the environment: see run.

package.path = vim.env.PLUGIN .. '/test/?.lua;' .. package.path
local check = require('check')

local version = tostring(vim.version())
local folder = vim.env.DESK .. '/plugin-' .. version
vim.fn.mkdir(folder, 'p')
assert(vim.uv.fs_copyfile(vim.env.ENGINES .. '/bin/busybox', folder .. '/busybox'))

local said = {}
vim.notify = function(message) -- as a plugin for notifications replaces it
  said[#said + 1] = message
end
vim.notify_once = vim.notify
local finished = {}
vim.api.nvim_create_autocmd('User', {
  pattern = 'BuildlsFinished',
  callback = function(ev)
    finished[#finished + 1] = ev.data
  end,
})

local function part(name, run)
  check.part(version .. ' ' .. name, run, function()
    io.stdout:write('said: ' .. vim.inspect(said) .. '\n')
  end)
end

local function lines(bufnr)
  return vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
end

--- Opens a buffer of that name, which is not written.
local function open(name, text)
  vim.cmd.edit({ folder .. '/' .. name, bang = true })
  vim.api.nvim_buf_set_lines(0, 0, -1, false, text or {})
end

local function attached()
  return #vim.lsp.get_clients({ bufnr = 0, name = 'buildls' }) > 0
end

--- Waits for the next result.
local function result(build)
  local before = #finished
  build()
  return check.await('a result', function()
    return finished[before + 1]
  end)
end

-- -l leaves filetypes off. Their plugins stay off: some want parsers, which Debian packs apart.
vim.cmd('filetype on | filetype plugin off')

-- As Neovim's own packages do it, without setup() where that is enough.
vim.opt.runtimepath:append(vim.env.PLUGIN)
vim.api.nvim_create_user_command('BuildInfo', 'let g:mine = 1', {})
vim.cmd.runtime('plugin/buildls.lua')

part('a command that the author has is left alone', function()
  vim.cmd.BuildInfo()
  check.equal('what ran', vim.g.mine, 1)
  vim.api.nvim_del_user_command('BuildInfo')
end)

part('without a Dockerfile, or without the server, :Build says so', function()
  vim.cmd.Build()
  check.contains('the message', said[#said], 'no Dockerfile is open')
  local path = vim.env.PATH
  vim.env.PATH = '/nowhere'
  open('Dockerfile', { 'FROM scratch' })
  vim.cmd.Build()
  vim.env.PATH = path
  check.contains('the message', said[#said - 1], 'buildls is not on the PATH. Install it: https://github.com')
  check.contains('the message', said[#said], 'checkhealth buildls')
end)

local settings = { profiles = { second = { target = 'two' } } }
if vim.fn.has('nvim-0.11') == 1 then
  vim.lsp.config('buildls', { settings = { buildls = settings } })
  vim.lsp.enable('buildls')
else
  require('buildls').setup({ settings = settings })
end

part('an unknown option is an error that names it', function()
  local ok, err = pcall(require('buildls').setup, { comand = {} })
  check.equal('accepted', ok, false)
  check.contains('the error', err, 'comand')
end)

part('Dockerfiles are known by their names, others left alone', function()
  for _, name in ipairs({
    'Dockerfile',
    'DOCKERFILE',
    'Containerfile',
    'containerfile',
    'Dockerfile.dev',
    'api.dockerfile',
    'api.Containerfile',
    '.dockerignore',
    'api.Dockerfile.dockerignore',
    'compose.yaml',
    'docker-bake.hcl',
  }) do
    open(name, { 'FROM scratch' })
    check.await(name .. ' is attached', attached)
  end
  for _, name in ipairs({ 'values.yaml', 'package.json', 'main.go' }) do
    open(name)
    check.equal(name .. ' is attached', attached(), false)
  end
  check.equal('servers', #vim.lsp.get_clients({ name = 'buildls' }), 1)
end)

part('a buffer without a name is told to get one, and is built then', function()
  vim.cmd.enew({ bang = true })
  vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'FROM scratch', 'COPY busybox /' })
  vim.bo.filetype = 'dockerfile'
  check.equal('attached', attached(), false)
  vim.cmd.Build()
  check.contains('the message', said[#said], ':file Dockerfile')
  vim.cmd.file(folder .. '/new.dockerfile')
  local r = result(vim.cmd.Build)
  check.equal('status', r.status, 'succeeded')
  check.equal('on the disk', vim.uv.fs_stat(folder .. '/new.dockerfile'), nil)
end)

part('the log is plain, live, and leads to lines that have moved', function()
  open('Dockerfile', {
    'FROM scratch',
    'COPY busybox /bin/',
    'RUN ["/bin/busybox", "--install", "/bin"]',
    [[RUN printf '\033[31mred\033[0m\n10%%\r20%%\r30%%\nno end'; exit 3]],
  })
  local r = result(vim.cmd.Build)
  check.equal('status', r.status, 'failed')
  local log = vim.fn.bufnr('buildls://log')
  local text = table.concat(lines(log), '\n')
  check.contains('the log', text, '\nred\n30%\nno end\n')
  check.contains('the log', text, 'exit 3')

  vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# one', '# two' })
  vim.cmd('BuildLog 2')
  check.contains('the line', vim.api.nvim_get_current_line(), '"--install"')
  vim.api.nvim_feedkeys(vim.keycode('<CR>'), 'xt', false)
  check.equal('the buffer', vim.fn.expand('%:t'), 'Dockerfile')
  check.equal('its line', vim.fn.line('.'), 5)
end)

part("progress is Neovim's own, for whoever shows it", function()
  local seen, statuses = {}, {}
  local id = vim.api.nvim_create_autocmd('LspProgress', {
    callback = function(ev)
      seen[#seen + 1] = ev.data.params.value
      statuses[#statuses + 1] = vim.lsp.status()
    end,
  })
  result(vim.cmd.Build)
  check.await('the end', function()
    return seen[#seen] and seen[#seen].kind == 'end'
  end)
  vim.api.nvim_del_autocmd(id)
  check.equal(
    'the first',
    { seen[1].kind, seen[1].title },
    { 'begin', 'Build plugin-' .. version:gsub('%.', '-') .. ':latest' }
  )
  check.contains('a status', table.concat(statuses, '\n'), '%: Build plugin-')
  for i = 2, #seen - 1 do
    check.equal('a report', seen[i].kind, 'report')
    check.equal('percentages rise', seen[i].percentage >= seen[i - 1].percentage, true)
  end
end)

part('from another buffer, the Dockerfile that was edited last is built', function()
  open('main.go', { 'package main' })
  local r = result(vim.cmd.Build)
  check.contains('what was built', r.uri, '/Dockerfile')
  check.equal('main.go stands in for its file', vim.tbl_contains(r.overlaid, vim.uri_from_bufnr(0)), true)
end)

part('a lens builds', function()
  open('lens.dockerfile', { 'FROM scratch AS one', 'FROM scratch AS two' })
  local lens = check.await('a lens', function()
    local answers = vim.lsp.buf_request_sync(
      0,
      'textDocument/codeLens',
      { textDocument = vim.lsp.util.make_text_document_params() },
      1000
    )
    local _, answer = next(answers or {})
    return answer and answer.result and answer.result[1]
  end)
  local client = vim.lsp.get_clients({ bufnr = 0, name = 'buildls' })[1]
  local r = result(function()
    client.commands[lens.command.command](lens.command, { bufnr = 0 })
  end)
  check.equal('target', r.target, 'one')
end)

part('a profile of the settings is completed, and built of this Dockerfile', function()
  check.equal('completed', vim.fn.getcompletion('Build se', 'cmdline'), { 'second' })
  local r = result(function()
    vim.cmd('Build second')
  end)
  check.contains('what was built', r.uri, 'lens.dockerfile')
  check.equal('target', r.target, 'two')
end)

part('a service of an unsaved compose file is built, from any buffer', function()
  open(
    'compose.yaml',
    { 'services:', '  web:', '    build:', '      dockerfile: lens.dockerfile', '      target: one' }
  )
  check.await('it is completed', function()
    return vim.tbl_contains(vim.fn.getcompletion('Build ', 'cmdline'), 'web')
  end)
  vim.cmd.edit(folder .. '/Dockerfile')
  local r = result(function()
    vim.cmd('Build web')
  end)
  check.contains('what was built', r.uri, 'lens.dockerfile')
  check.equal('target', r.target, 'one')
  vim.cmd.buffer('lens.dockerfile')
end)

part('a target that is not there is said', function()
  vim.cmd('Build three')
  check.await('the message', function()
    return said[#said]:find('three', 1, true)
  end)
end)

part(':BuildInfo names the engine and the build', function()
  require('buildls.commands').define()
  vim.cmd.BuildInfo()
  check.await('the buffer', function()
    return vim.fn.bufnr('buildls://info') ~= -1
  end)
  local text = table.concat(lines(vim.fn.bufnr('buildls://info')), '\n')
  check.contains('the engine', text, 'engine   embedded')
  check.contains('the build', text, 'lens.dockerfile')
end)

part(':BuildContext tells what is sent and why, and leads there', function()
  open('context.dockerfile', { '# from nothing', 'FROM scratch', 'COPY busybox nothing /' })
  open('.dockerignore', { '*.md' })
  open('notes.md', { 'private' })
  vim.cmd.buffer('context.dockerfile')
  vim.cmd.BuildContext()
  check.await('the buffer', function()
    return vim.fn.expand('%') == 'buildls://context'
  end)
  local text = table.concat(lines(0), '\n')
  check.contains('the files', text, 'MB  busybox')
  check.contains('what is missing', text, 'nothing matches nothing')
  check.contains('what is kept out', text, '1  *.md')
  vim.fn.search('nothing matches')
  vim.api.nvim_feedkeys(vim.keycode('<CR>'), 'xt', false)
  check.equal('the buffer', vim.fn.expand('%:t'), 'context.dockerfile')
  check.equal('its line', vim.fn.line('.'), 3)
  vim.cmd('only')
end)

--- Waits for a buffer of ours, whose name has this pattern, that becomes the current one.
local function shown(name)
  check.await('the buffer ' .. name, function()
    return vim.fn.expand('%'):find('^buildls://' .. name)
  end)
  return table.concat(lines(0), '\n')
end

--- Presses <CR> on the first line that has a text.
local function enter(text)
  vim.fn.cursor(1, 1)
  check.equal('a line has ' .. text, vim.fn.search(text, 'c') > 0, true)
  vim.api.nvim_feedkeys(vim.keycode('<CR>'), 'xt', false)
end

local function says(text)
  check.await('the message ' .. text, function()
    return said[#said]:find(text, 1, true)
  end)
end

part('what a step changed is told, and what is no text', function()
  open('steps.dockerfile', {
    'FROM scratch',
    'COPY busybox /bin/',
    'RUN ["/bin/busybox", "--install", "/bin"]',
    [[RUN yes buildls | head -c 2000000 >/log.json && \]],
    [[    echo 'a = 1' >/a.toml && mkdir /empty && rm /bin/vi]],
  })
  check.equal('status', result(vim.cmd.Build).status, 'succeeded')
  vim.cmd('BuildFiles 1')
  check.contains('the first step', shown('files/'), '2.0 MB  /bin/busybox')
  enter('  /bin/busybox$')
  says('/bin/busybox is binary, of 2.0 MB')

  vim.cmd('wincmd p | 5 | BuildFiles') -- in the last step
  shown('files/.*/3$')
  enter('  /empty/$')
  says('is a directory')
  enter('^deleted .*/bin/vi$')
  says('was deleted')
  local list = vim.fn.win_getid()
  enter('  /a.toml$')
  check.equal('a small file', shown('file/'), 'a = 1')
  check.equal('its filetype', vim.bo.filetype, 'toml')
  vim.fn.win_gotoid(list)
  enter('  /log.json$')
  check.equal('the beginning of a large one', #shown('file/') > 1000000, true)
  local below = vim.api.nvim_buf_get_extmarks(0, -1, 0, -1, { details = true })
  check.contains('what is said below it', vim.inspect(below), 'the file has 2.0 MB')
  vim.cmd('only')
end)

part('on battery, what is typed is not built; when the power is back, it is', function()
  local power, state = require('buildls.power'), require('buildls.state')
  power.supplies, power.every = folder .. '-power', 20
  local function supply(name, files)
    vim.fn.mkdir(power.supplies .. '/' .. name, 'p')
    for file, line in pairs(files) do
      vim.fn.writefile({ line }, power.supplies .. '/' .. name .. '/' .. file)
    end
  end
  local function becomes(status, message)
    check.await(status, function()
      local _, now = next(state.following)
      return now and now.status == status and (now.message == message or not message)
    end)
  end
  local function retype(step)
    vim.api.nvim_buf_set_lines(0, 3, -1, false, { step })
  end
  supply('mouse', { type = 'Battery', scope = 'Device', status = 'Discharging' })
  supply('AC', { type = 'Mains', online = '1' })
  supply('BAT0', { type = 'Battery', status = 'Discharging' }) -- by more than the power gives
  vim.cmd.buffer('steps.dockerfile')
  vim.cmd.BuildWhileTyping()
  retype('RUN echo with power')
  becomes('succeeded')
  for _, supplied in ipairs({ { 'AC', { online = '0' } }, { 'BAT0', { status = 'Discharging' } } }) do
    supply(unpack(supplied))
    becomes('resting', 'the computer runs on battery')
    retype('RUN echo without ' .. supplied[1])
    supply('AC', { type = 'Mains', online = '1' })
    becomes('succeeded')
    vim.fn.delete(power.supplies .. '/AC', 'rf') -- the battery alone says it
  end
  becomes('resting', 'the computer runs on battery')
  supply('BAT0', { status = 'Charging' })
  becomes('waiting')
  vim.cmd.BuildWhileTyping()
  check.await('it is off', function()
    return not next(state.following)
  end)
end)

part('a program is run in any step that ran, in a terminal where the author wants it', function()
  vim.cmd('vertical BuildShell 2 /bin/busybox ls /bin/vi')
  check.await('the terminal', function()
    return vim.bo.buftype == 'terminal'
  end)
  check.equal('the layout', vim.fn.winlayout()[1], 'row')
  check.equal('its exit code', vim.fn.jobwait({ vim.bo.channel }, 10000), { 0 })
  check.await('what it prints', function()
    return lines(0)[1] == '/bin/vi'
  end)
  vim.cmd('stopinsert | bwipeout!')
end)

part('without nvim-dap, :BuildDebug says what is to be installed, and no lens offers it', function()
  local before = #said
  vim.cmd.BuildDebug()
  check.contains('what is said', said[before + 1], 'https://github.com/mfussenegger/nvim-dap')
  check.equal('the capability', require('buildls.server').config().capabilities.experimental.buildls.debug, false)
end)

part('the image of the newest build runs in a terminal', function()
  vim.cmd('tab BuildRun /bin/busybox printf "%s-%s" one two')
  check.await('the terminal', function()
    return vim.bo.buftype == 'terminal'
  end)
  check.equal('its exit code', vim.fn.jobwait({ vim.bo.channel }, 10000), { 0 })
  check.await('what it prints', function()
    return vim.iter(lines(0)):any(function(line)
      return line:find('one%-two') ~= nil
    end)
  end)
  vim.cmd('stopinsert | bwipeout!')
end)

part('a server that dies takes its builds with it', function()
  open('long.dockerfile', { 'FROM scratch', 'COPY busybox /bin/', 'RUN ["/bin/busybox", "sleep", "100000"]' })
  vim.cmd.Build()
  check.await('the step runs', function()
    return require('buildls').status():find('sleep', 1, true)
  end)
  local client = vim.lsp.get_clients({ bufnr = 0, name = 'buildls' })[1]
  require('buildls.server').call(client, 'stop', true)
  check.await('nothing runs', function()
    return not require('buildls').status():find('sleep', 1, true)
  end)
  check.await('the client is gone', function()
    return #vim.lsp.get_clients({ name = 'buildls' }) == 0
  end)
end)

part('the builds of a server that died are listed by the next', function()
  open('steps.dockerfile', { 'FROM scratch' })
  vim.cmd.BuildHistory()
  check.await('the quickfix list', function()
    return vim.bo.buftype == 'quickfix'
  end)
  check.equal('a failed step', vim.fn.search('exit 3', 'w') > 0, true)
  vim.cmd.BuildFiles()
  says('of this session')
  vim.cmd.BuildLog()
  check.contains('its log', shown('log/'), 'red\n30%\nno end')
  vim.cmd('only')
end)

part('lenses and marks can be left out', function()
  require('buildls').setup({ code_lens = false, inlay_hints = false })
  open('plain.dockerfile', { 'FROM scratch' })
  check.await('it is attached', attached)
  check.equal('hints are on', vim.lsp.inlay_hint.is_enabled({ bufnr = 0 }), false)
  if vim.lsp.codelens.is_enabled then
    check.equal('lenses are on', vim.lsp.codelens.is_enabled({ bufnr = 0 }), false)
  end
  check.equal('lenses are asked for', #vim.api.nvim_get_autocmds({ buffer = 0, event = 'InsertLeave' }), 0)
end)

--- A folder with programs of these names, which do nothing.
local function tools(...)
  local dir = vim.fn.tempname()
  vim.fn.mkdir(dir, 'p')
  for _, name in ipairs({ ... }) do
    assert(vim.uv.fs_symlink(vim.env.ENGINES .. '/bin/busybox', dir .. '/' .. name))
  end
  return dir
end

part('who could install the server is found on this machine', function()
  local install, path = require('buildls.install'), vim.env.PATH
  for _, case in ipairs({
    { '/nowhere', 'https://github.com/buildls/buildls#install' },
    { tools('go'), 'go install github.com/buildls/buildls/cmd/buildls@latest' },
    { tools('go', 'npm'), 'npm install -g buildls' },
    { tools('npm', 'winget'), 'winget install buildls.buildls' },
    {
      tools('winget', 'scoop'),
      'scoop bucket add buildls https://github.com/buildls/scoop-bucket && scoop install buildls',
    },
    { tools('go', 'scoop', 'brew'), 'brew install buildls/tap/buildls' },
  }) do
    vim.env.PATH = case[1]
    check.equal('the command', install.command(), case[2])
  end
  vim.api.nvim_create_user_command('MasonInstall', '', { nargs = '*' })
  check.equal('the command', install.command(), ':MasonInstall buildls')
  vim.api.nvim_del_user_command('MasonInstall')
  vim.env.PATH = path
end)

part('a Dockerfile without a server: what helps is told, once', function()
  local env = { PATH = tools('npm'), HOME = vim.env.HOME }
  local enable = vim.fn.has('nvim-0.11') == 1 and 'vim.lsp.enable("buildls")' or 'require("buildls").setup()'
  local done = vim
    .system({
      vim.v.progpath,
      '--clean',
      '--headless',
      '-c',
      'set columns=200 | filetype on | filetype plugin off',
      '-c',
      'lua vim.opt.runtimepath:append(vim.env.PLUGIN) ' .. enable,
      '-c',
      'edit ' .. folder .. '/Dockerfile',
      '-c',
      'lua vim.wait(100)',
      '-c',
      'edit ' .. folder .. '/other.dockerfile',
      '-c',
      'lua vim.wait(100)',
      '-c',
      'qall!',
    }, { env = env, text = true, timeout = 30000 })
    :wait()
  local _, times = done.stderr:gsub('buildls is not on the PATH. Install it: npm install %-g buildls', '')
  check.equal('how often it is told in ' .. done.stderr, times, 1)
end)

part(':checkhealth says what is missing', function()
  local engine, path = vim.env.BUILDLS_ENGINE, vim.env.PATH
  vim.env.BUILDLS_ENGINE = 'unix:///nowhere'
  vim.cmd('checkhealth buildls')
  vim.env.BUILDLS_ENGINE, vim.env.PATH = engine, tools('npm')
  check.contains('without its engine', table.concat(lines(0), '\n'), 'ERROR nothing can be built')
  vim.cmd('checkhealth buildls')
  vim.env.PATH = path
  check.contains('without the server', table.concat(lines(0), '\n'), 'ERROR buildls is not on the PATH')
  check.contains('what helps', table.concat(lines(0), '\n'), 'npm install -g buildls')
end)

part(':checkhealth finds nothing wrong', function()
  vim.cmd('checkhealth buildls')
  local text = table.concat(lines(0), '\n')
  check.contains('the report', text, 'buildls doctor says')
  check.equal('errors', text:find('ERROR', 1, true), nil)
  check.equal('warnings', text:find('WARNING', 1, true), nil)
end)

part('the help is whole', function()
  local doc = vim.env.DESK .. '/doc-' .. version .. '/doc'
  vim.fn.mkdir(doc, 'p')
  assert(vim.uv.fs_copyfile(vim.env.PLUGIN .. '/doc/buildls.txt', doc .. '/buildls.txt'))
  vim.cmd.helptags(doc)
  vim.opt.runtimepath:append(vim.fs.dirname(doc))
  vim.cmd.help('buildls')
  check.equal('the file', vim.fn.expand('%:t'), 'buildls.txt')
  local known = {}
  for _, file in ipairs(vim.api.nvim_get_runtime_file('doc/tags', true)) do
    for line in io.lines(file) do
      known[line:match('^[^\t]+')] = true
    end
  end
  for tag in table.concat(lines(0), '\n'):gmatch('|(%S-)|') do
    local newer = vim.tbl_contains({ 'gra', 'grx', 'progress-message', 'vim.lsp.enable()', 'vim.lsp.config()' }, tag)
    check.equal(tag .. ' leads somewhere', known[tag] or newer, true)
  end
end)

check.done()
