-- What is known of the builds of this session.

---@class buildls.Progress
---@field client_id integer
---@field token string|integer
---@field title string
---@field message? string
---@field percentage integer

local M = {
  ---@type buildls.Progress[] those that run, the newest last
  running = {},
  ---@type string how the newest build that has ended did, in one line; empty while none has
  ended = '',
  ---@type table? the contract's result of that build
  last = nil,
  ---@type integer? the client that ran it
  last_client = nil,
  ---@type table<string, true> the ids of all builds that have ended
  over = {},
  ---@type table<integer, table> of each client, what became of the build that follows the text
  following = {},
}

---@param token string|integer
---@return integer? index into M.running
local function find(client_id, token)
  for i, p in ipairs(M.running) do
    if p.client_id == client_id and p.token == token then
      return i
    end
  end
end

--- Takes a progress of the server's, as the protocol has it.
---@param value table begin, report or end
function M.progress(client_id, token, value)
  local i = find(client_id, token)
  if value.kind == 'end' then
    if i then
      table.remove(M.running, i)
    end
    M.ended = value.message or ''
    return
  end
  if not i then
    i = #M.running + 1
    M.running[i] = { client_id = client_id, token = token, title = value.title or '', percentage = 0 }
  end
  local p = M.running[i]
  p.message = value.message or p.message
  p.percentage = value.percentage or p.percentage
end

--- Takes a result.
function M.finished(result, client_id)
  M.last, M.last_client = result, client_id
  M.over[result.id] = true
end

--- Takes what became of the build that follows the text.
---@param now table of the contract
function M.followed(now, client_id)
  M.following[client_id] = now.status ~= 'off' and now or nil
end

--- Forgets what a server ran that is no more.
function M.gone(client_id)
  M.following[client_id] = nil
  M.running = vim.tbl_filter(function(p)
    return p.client_id ~= client_id
  end, M.running)
end

return M
