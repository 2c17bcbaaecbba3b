-- Whether the computer runs on battery: then builds do not follow the text.

local state = require('buildls.state')

local M = {
  supplies = '/sys/class/power_supply', -- where Linux says it
  every = 60 * 1000, -- milliseconds between two looks
}

local timer ---@type uv.uv_timer_t?
local told = {} ---@type table<integer, boolean> what each client has said to its server

--- The first line of a file of a power supply.
local function line(...)
  local file = io.open(table.concat({ M.supplies, ... }, '/'))
  local text = file and file:read('l')
  if file then
    file:close()
  end
  return text
end

---@return boolean? battery nil if no power supply says it
local function by_supplies()
  local battery
  for name in vim.fs.dir(M.supplies) do
    local kind, online, status = line(name, 'type'), line(name, 'online'), line(name, 'status')
    if line(name, 'scope') == 'Device' then
      kind = nil -- that of a mouse
    end
    if (kind == 'Mains' or kind == 'USB') and online == '1' then
      return false
    elseif kind == 'Mains' and online == '0' then
      battery = true
    elseif kind == 'Battery' and status and status ~= 'Unknown' then
      battery = battery or status == 'Discharging'
    end
  end
  return battery
end

---@param battery boolean?
local function tell(battery)
  for id in pairs(battery ~= nil and state.following or {}) do
    local client = vim.lsp.get_client_by_id(id)
    if client and told[id] ~= battery then
      told[id] = battery
      require('buildls.server').call(client, 'notify', 'buildls/power', { battery = battery })
    end
  end
end

local function look()
  if not next(state.following) then
    timer:stop()
  elseif vim.fn.has('mac') == 1 then
    vim.system({ 'pmset', '-g', 'batt' }, { text = true }, function(out)
      if out.code == 0 then
        vim.schedule_wrap(tell)(out.stdout:find("'Battery Power'", 1, true) ~= nil)
      end
    end)
  else
    tell(by_supplies())
  end
end

--- Looks now and then, as long as builds follow the text, and tells the servers.
function M.watch()
  timer = timer or assert(vim.uv.new_timer())
  timer:start(0, M.every, vim.schedule_wrap(look))
end

return M
