-- :BuildHistory: the builds that the server remembers, and their steps, in the quickfix list.

local server = require('buildls.server')

local M = {}

--- The time of a build, of today without the day.
---@param started string in RFC 3339, of UTC
local function time(started)
  local y, m, d, h, min, s = started:match('(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)')
  if not y then
    return started
  end
  local utc = os.time({ year = y, month = m, day = d, hour = h, min = min, sec = s, isdst = false })
  local there = os.date('!*t', utc) --[[@as osdate]]
  there.isdst = false
  local at = utc + os.difftime(utc, os.time(there))
  return tostring(os.date(os.date('%F', at) == os.date('%F') and '%H:%M:%S' or '%F %H:%M', at))
end

local function seconds(ms)
  return ('%.1f s'):format(ms / 1000)
end

--- Where an entry leads. What is no file on the disk leads nowhere.
local function position(uri, range)
  if not vim.startswith(uri or '', 'file:') then
    return {}
  end
  return { filename = vim.uri_to_fname(uri), lnum = (type(range) == 'table' and range.start.line or 0) + 1 }
end

--- What became of a build, in one line.
local function summary(result, err)
  local name = result.tags[1] or (result.target ~= '' and result.target or nil)
  local text = ('Build %s %s%s'):format(time(result.started), name and name .. ' ' or '', result.status)
  if result.status == 'running' then
    return text
  end
  local cached = #vim.tbl_filter(function(step)
    return step.status == 'cached'
  end, result.steps)
  local how = err and ': ' .. err.message:match('^[^\n]*'):gsub(':$', '') or ''
  local took = seconds(result.durationMs) .. (result.engine ~= '' and ' on ' .. result.engine or '')
  return ('%s in %s, %d of %d steps cached%s'):format(text, took, cached, #result.steps, how)
end

local function build_entry(result, client_id)
  local err = type(result.error) == 'table' and result.error or nil
  local elsewhere = err and (err.uri or '') ~= '' and err.uri or nil
  local entry = position(elsewhere or result.uri, err and err.range)
  entry.text, entry.type = summary(result, err), err and 'E' or nil
  entry.user_data = { client_id = client_id, id = result.id, failed = result.status == 'failed' }
  return entry
end

--- Says whether two durations in ms differ by more than chance, as `buildls builds` has it.
local function differ(a, b)
  return math.abs(a - b) > math.max(500, math.max(a, b) / 10)
end

local function step_entry(result, i, client_id)
  local step = result.steps[i]
  local text = require('buildls.log').summary(step)
  if type(step.lastMs) == 'number' and (step.status ~= 'done' or differ(step.durationMs, step.lastMs)) then
    text = text .. ', was ' .. seconds(step.lastMs)
  end
  if type(step.why) == 'string' and step.why ~= '' then
    text = text .. '; not cached: ' .. step.why
  end
  local entry = position(result.uri, step.range)
  entry.text, entry.type = text, step.status == 'failed' and 'E' or nil
  entry.user_data = { client_id = client_id, id = result.id, step = i - 1, name = step.name }
  return entry
end

--- Shows the builds and their steps, the newest first.
function M.open()
  server.with_client(function(client)
    server.execute(client, 'buildls.builds', {}, function(results)
      if #results == 0 then
        return server.notify('nothing was built yet')
      end
      local items = {}
      for _, result in ipairs(results) do
        items[#items + 1] = build_entry(result, client.id)
        for i in ipairs(result.steps) do
          items[#items + 1] = step_entry(result, i, client.id)
        end
      end
      local again = vim.fn.getqflist({ context = 0 }).context == 'buildls'
      local title = 'Builds (on a line: :BuildLog, :BuildFiles, :BuildShell)'
      local list = { items = items, title = title, context = 'buildls', idx = 1 }
      vim.fn.setqflist({}, again and 'r' or ' ', list)
      vim.cmd('botright copen')
    end)
  end)
end

return M
