-- :BuildShell and :BuildRun: a terminal in a step of a build, and one in which its image runs.

local server = require('buildls.server')

local M = {}

--- Runs a command line in a terminal.
---@param command string[]
---@param mods? table of a command, that say where
local function run(command, mods)
  mods = vim.deepcopy(mods or {})
  if (mods.split or '') == '' and (mods.tab or -1) < 0 then
    mods.split = 'botright'
  end
  vim.cmd({ cmd = 'new', mods = mods })
  if vim.fn.has('nvim-0.11') == 1 then
    vim.fn.jobstart(command, { term = true })
  else
    vim.fn.termopen(command)
  end
  vim.cmd.startinsert()
end

--- Opens a shell in a step of a build, the one that failed if none is named.
---@param at {client_id: integer, id: string, step?: integer}
---@param program? string[] what is run instead of the shell
---@param mods? table of a command, that say where
function M.open_at(at, program, mods)
  server.execute_at(at, 'buildls.shell', { id = at.id, step = at.step }, function(answer)
    local command = vim.list_extend({}, answer.command)
    if program and #program > 0 then
      vim.list_extend(vim.list_extend(command, { '--' }), program)
    end
    run(command, mods)
  end)
end

--- Runs the image of a build.
---@param at {client_id: integer, id: string}
---@param command? string[] in place of the image's
---@param mods? table of a command, that say where
function M.run_at(at, command, mods)
  server.execute_at(at, 'buildls.run', { id = at.id, command = command }, function(answer)
    run(answer.command, mods)
  end)
end

--- Runs the image of the build that the cursor is on, else of the newest.
---@param command? string[]
function M.run(command, mods)
  local at = require('buildls.steps').meant()
  if not at then
    return server.notify('nothing was built yet', vim.log.levels.WARN)
  end
  M.run_at(at, command, mods)
end

--- Opens a shell in the step of that number, counted from 1; without it in the one that
--- failed, else in that which the cursor is on.
---@param number? integer
function M.open(number, program, mods)
  local at = require('buildls.steps').meant(number)
  if at and at.failed then
    at.step = nil
  end
  if not at or not at.step and not at.failed then
    local why = at and 'which step? Put the cursor on its line, or give its number' or 'nothing was built yet'
    return server.notify(why, vim.log.levels.WARN)
  end
  M.open_at(at, program, mods)
end

return M
