-- What helps to write a Dockerfile, in a real Neovim: completion, names and places.
--
--   nvim --clean --headless -l editing.lua
--
-- with PLUGIN and ARTEFACTS in the environment: see run.

package.path = vim.env.PLUGIN .. '/test/?.lua;' .. package.path
local check = require('check')
local screen = require('screen')

local version = tostring(vim.version())
local folder = vim.env.DESK .. '/editing-' .. version
local on_disk = {
  ['Dockerfile'] = '',
  ['base.Dockerfile'] = 'FROM scratch AS base\n',
  ['src/main.go'] = 'package main\n',
  ['secret/key'] = 'x\n',
  ['.dockerignore'] = 'secret\n',
  ['compose.yaml'] = 'services:\n  shop:\n    build:\n      context: .\n      target: shop\n',
}
vim.fn.mkdir(folder .. '/.git', 'p')
for name, text in pairs(on_disk) do
  vim.fn.mkdir(vim.fs.dirname(folder .. '/' .. name), 'p')
  vim.fn.writefile(vim.split(text, '\n'), folder .. '/' .. name, 'b')
end

local s = screen.start(folder, 'Dockerfile')

--- A part stands on those before it: the first that fails is the last that runs.
local function part(name, run)
  return check.failed == 0
    and check.part(version .. ' ' .. name, run, function()
      io.stdout:write(s:gone() and '(the editor is gone)\n' or s:text())
    end)
end

--- Has the buffer hold these lines, and the cursor where "|" stands in one of them.
local function lines(...)
  local text, at = { ... }, { 1, 0 }
  for i, line in ipairs(text) do
    local column = line:find('|', 1, true)
    if column then
      at, text[i] = { i, column - 1 }, line:gsub('|', '', 1)
    end
  end
  s:normal()
  s:ask('vim.api.nvim_buf_set_lines(0, 0, -1, false, ...)', text)
  s:ask('vim.api.nvim_win_set_cursor(0, ...)', at)
end

--- Completes what is typed at the end of the last line. The list shows these.
local function completes(text, typed, shows)
  lines(unpack(text))
  s:type('G')
  s:type('o')
  s:type(typed)
  check.await('it is typed', function()
    return s:ask('return vim.api.nvim_get_current_line()') == typed
  end)
  check.await('a list is shown', function()
    s:type('<C-x><C-o>')
    local shown = vim.wait(2000, function()
      return s:ask('return vim.fn.pumvisible()') == 1
    end, 50)
    if not shown then -- Neovim drops an answer that comes before it has taken both keys
      s:normal()
      s:type('A')
    end
    return shown
  end)
  for _, item in ipairs(shows) do
    s:shows(item)
  end
end

local function current_line()
  return s:ask('return vim.api.nvim_get_current_line()')
end

part('the server is there', function()
  check.await('it is attached', function()
    return s:ask([[local c = vim.lsp.get_clients({ bufnr = 0, name = 'buildls' })[1] return c and c.initialized]])
  end)
end)

-- The popup with documentation needs a parser of Markdown, which Debian packs apart.
s:ex('set hidden completeopt=menuone,noinsert')

part('instructions, flags, stages, variables and files are completed', function()
  local stage = { 'ARG GO=1.26', 'FROM golang:$GO AS build', 'ARG VERSION=7', 'FROM scratch AS shop' }
  completes(stage, 'COPY --', { '--chown=', '--from=', '--link', '--parents' })
  s:keep('0-completion', 'The flags of COPY are completed in a Dockerfile')
  completes(stage, 'COPY --from=', { 'build' })
  completes({ stage[1], stage[2], stage[3] }, 'RUN echo $V', { '$VERSION' })
  completes(stage, 'COPY s', { 'src/' })
  check.equal('what is ignored', s:text():find('secret', 1, true), nil)
  s:type('<C-y>')
  check.await('it is taken', function()
    return current_line() == 'COPY src/'
  end)
end)

part('a definition is in the text, in the context, in another file', function()
  local text = { 'FROM scratch AS shop', 'COPY src/main.go /', 'FROM sh|op AS other' }
  lines(unpack(text))
  s:ex('lua vim.lsp.buf.definition()')
  check.await('the stage', function()
    return vim.deep_equal(s:ask('return vim.api.nvim_win_get_cursor(0)'), { 1, 16 })
  end)
  lines(text[1], 'COPY src/|main.go /')
  s:ex('lua vim.lsp.buf.definition()')
  check.await('the file', function()
    return s:ask('return vim.api.nvim_buf_get_name(0)'):find('src/main.go', 1, true)
  end)
  s:ex('buffer Dockerfile')
end)

part('references are in compose files too, and a rename reaches them', function()
  lines('FROM scratch AS sh|op', 'COPY --from=shop / /', 'FROM shop AS other')
  s:ex('lua vim.lsp.buf.references()')
  local found = check.await('references', function()
    local list = s:ask('return vim.fn.getqflist()')
    return #list == 4 and list
  end)
  check.equal('the last', found[4].lnum, 5)
  s:ex('cclose')
  s:ex('buffer Dockerfile')
  lines('FROM scratch AS sh|op', 'FROM shop AS other')
  s:ex("lua vim.lsp.buf.rename('store')")
  check.await('it is renamed', function()
    return s:ask('return vim.api.nvim_buf_get_lines(0, 0, -1, false)')[2] == 'FROM store AS other'
  end)
  check.contains(
    'the compose file',
    s:ask("return table.concat(vim.api.nvim_buf_get_lines(vim.fn.bufnr('compose.yaml'), 0, -1, false), '\\n')"),
    'target: store'
  )
end)

part('the outline, and the symbols of the workspace', function()
  lines('FROM scratch AS shop', 'RUN x', 'FROM shop AS other')
  s:ex('lua vim.lsp.buf.document_symbol({ on_list = function(list) vim.g.outline = list.items end })')
  check.await('the stages', function()
    local text = vim.inspect(s:ask('return vim.g.outline'))
    return text:find('shop', 1, true) and text:find('other', 1, true)
  end)
  s:ex("lua vim.lsp.buf.workspace_symbol('base')")
  check.await('the stage of a file that is not open', function()
    local item = s:ask('return vim.fn.getqflist()')[1]
    return item and item.text:find('base', 1, true) and item.lnum == 1
  end)
  s:ex('cclose')
  s:ex('buffer Dockerfile')
end)

part('a word, a signature, a colour and a hint', function()
  lines('ARG GO=1.26', 'FROM golang:$GO AS build', 'RUN --mou|nt=type=cache,target=/x go build')
  -- Their windows need the parser, too.
  local function answer(method)
    return s:ask(
      [[local method, at = ..., vim.lsp.util.make_position_params(0, 'utf-16')
      local _, a = next(vim.lsp.buf_request_sync(0, method, at, 5000))
      return vim.inspect(a)]],
      method
    )
  end
  check.contains('the hover', answer('textDocument/hover'), 'filesystem mount')
  check.contains('the signature', answer('textDocument/signatureHelp'), 'RUN [flags]')
  check.await('tokens', function()
    local tokens = s:ask('return vim.lsp.semantic_tokens.get_at_pos(0, 0, 4)')
    return type(tokens) == 'table' and tokens[1] and tokens[1].type == 'variable'
  end)
  check.await('the hint', function()
    local hints = s:ask('return vim.lsp.inlay_hint.get({ bufnr = 0 })')
    return hints[1] and hints[1].inlay_hint.label == '= golang:1.26'
  end)
end)

--- Whether the buffer has a problem of that rule.
local function breaks(rule)
  return s:ask(
    'local rule = ... for _, d in ipairs(vim.diagnostic.get(0)) do if d.code == rule then return true end end return false',
    rule
  )
end

local function action(title)
  s:ex(('lua vim.lsp.buf.code_action({ apply = true, filter = function(a) return a.title == %q end })'):format(title))
end

part('good practice is told, a fix mends one thing, and a comment ignores another', function()
  lines('FROM scratch', 'RUN apt-get inst|all git && pip install flask')
  check.await('both rules are told', function()
    return breaks('DL3014') and breaks('DL3013')
  end)
  s:keep('1-practice', 'Rules that a RUN breaks, in a Dockerfile')
  action('Add -y')
  check.await('it is mended', function()
    return current_line() == 'RUN apt-get install -y git && pip install flask' and not breaks('DL3014')
  end)
  lines('FROM scratch', 'RUN apt-get install -y git && pip install fla|sk')
  action('Ignore rule DL3013 here')
  check.await('it is ignored', function()
    return s:ask('return vim.api.nvim_buf_get_lines(0, 1, 2, false)')[1] == '# buildls ignore=DL3013'
      and not breaks('DL3013')
  end)
end)

part('formatting lays out the text, and no command of it', function()
  lines('from   scratch', 'run   echo  a| \\', '      && echo b')
  s:ex('lua vim.lsp.buf.format()')
  check.await('it is laid out', function()
    local text = s:ask('return vim.api.nvim_buf_get_lines(0, 0, -1, false)')
    return vim.deep_equal(text, { 'FROM scratch', 'RUN echo  a \\', '      && echo b' })
  end)
end)

part('an ignore file is completed', function()
  s:ex('edit! .dockerignore')
  check.await('it is attached', function()
    return s:ask([[return #vim.lsp.get_clients({ bufnr = 0, name = 'buildls' }) > 0]])
  end)
  completes({ 'secret' }, 'src/', { 'main.go' })
end)

s:kill()
check.done()
