-- For the tests: named parts, waits with an end, and a last word.

local M = { failed = 0, passed = 0 }

--- Waits for what should come to be. found says so by anything but nil and false, which is
--- then returned.
---@param what string
---@param seconds? integer
function M.await(what, found, seconds)
  local late = vim.uv.hrtime() + (seconds or 30) * 1e9
  repeat -- not by vim.wait: one within another does not end
    local value = found()
    if value ~= nil and value ~= false then
      return value
    end
    vim.wait(20)
  until vim.uv.hrtime() > late
  error(what .. ': it has not come to be', 2)
end

---@param got any
function M.equal(what, got, want)
  if not vim.deep_equal(got, want) then
    error(('%s: got %s, want %s'):format(what, vim.inspect(got), vim.inspect(want)), 2)
  end
end

function M.contains(what, text, part)
  if not tostring(text):find(part, 1, true) then
    error(('%s: %q is not in:\n%s'):format(what, part, text), 2)
  end
end

--- Runs a part of a test. on_failure is for what helps to understand it.
---@param name string
---@param on_failure? fun()
function M.part(name, run, on_failure)
  local ok, err = xpcall(run, debug.traceback)
  M[ok and 'passed' or 'failed'] = M[ok and 'passed' or 'failed'] + 1
  io.stdout:write(('%s %s\n'):format(ok and 'ok  ' or 'FAIL', name))
  if not ok then
    io.stdout:write(err .. '\n')
    if on_failure then
      on_failure()
    end
  end
  return ok
end

--- Ends the test.
function M.done()
  vim.cmd(M.failed > 0 and 'cquit 1' or 'qall!')
end

return M
