-- Draws a screen of a terminal, as tmux captures it with its colours, as an SVG.

local M = {}

local char, line, margin = 9.6, 22, 20 -- in pixels
local foreground, background = '#e0e2ea', '#14161b' -- of Neovim's own colour scheme

local frame = [[
<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s">
<style>text{font:16px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}</style>
<rect width="100%%" height="100%%" rx="8" fill="%s"/>
%s
</svg>
]]

--- Takes the parameters of an escape sequence "m" into a style.
local function apply(style, parameters)
  local p = vim.split(parameters == '' and '0' or parameters, '[;:]')
  local i = 1
  while i <= #p do
    local n = tonumber(p[i])
    if n == 0 then
      style.bold, style.underline, style.reverse, style.fg, style.bg = nil, nil, nil, nil, nil
    elseif n == 1 then
      style.bold = true
    elseif n == 4 then
      style.underline = true
    elseif n == 7 then
      style.reverse = true
    elseif n == 38 or n == 48 then -- 2;R;G;B: Neovim has termguicolors
      style[n == 38 and 'fg' or 'bg'] = ('#%02x%02x%02x'):format(p[i + 2], p[i + 3], p[i + 4])
      i = i + 4
    elseif n == 39 or n == 49 then
      style[n == 39 and 'fg' or 'bg'] = nil
    end
    i = i + 1
  end
end

local function escape(text)
  return (text:gsub('[&<>]', { ['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;' }))
end

--- A piece of a row: its ground if it has one of its own, and its text to its exact width, so
--- that every font keeps the columns.
local function span(text, style, x, y)
  local fg, bg = style.fg or foreground, style.bg or background
  if style.reverse then
    fg, bg = bg, fg
  end
  local width = vim.fn.strdisplaywidth(text) * char
  local drawn = ''
  if bg ~= background then
    drawn = ('<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>'):format(x, y, width, line, bg)
  end
  if text:find('%S') then
    local bold = style.bold and ' font-weight="bold"' or ''
    local under = style.underline and ' text-decoration="underline"' or ''
    local shape = '<text x="%.1f" y="%d" textLength="%.1f" fill="%s"%s%s>%s</text>'
    drawn = drawn .. shape:format(x, y + 16, width, fg, bold, under, escape(text))
  end
  return drawn, x + width
end

---@param screen string
---@param label string for those who do not see it
---@param columns integer
---@return string
function M.svg(screen, label, columns)
  local rows = vim.split(vim.trim(screen), '\n')
  local style, drawn = {}, {}
  for n, row in ipairs(rows) do
    local x = margin
    for parameters, text in ('\27[m' .. row):gsub('^\27%[m', '\27[-m'):gmatch('\27%[([%d;:-]*)m([^\27]*)') do
      if parameters ~= '-' then
        apply(style, parameters)
      end
      if text ~= '' then
        drawn[#drawn + 1], x = span(text, style, x, margin + (n - 1) * line)
      end
    end
  end
  local width, height = columns * char + 2 * margin, #rows * line + 2 * margin
  return frame:format(width, height, width, height, label, background, table.concat(drawn, '\n'))
end

return M
