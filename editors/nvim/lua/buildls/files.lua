-- Which files the server answers for. It decides itself; here it is known so that it is not
-- started for others.

local M = {}

-- Neovim's filetypes of these files. All but the first are those of many others too: M.known
-- tells by the name.
M.filetypes = { 'dockerfile', 'gitignore', 'hcl', 'json', 'yaml', 'yaml.docker-compose' }

-- Patterns of lower-case names, and what Neovim is told to call such a file if it does not
-- know it itself.
local names = {
  { '%.dockerignore$', 'gitignore' },
  { '^dockerfile$', 'dockerfile' },
  { '^containerfile$', 'dockerfile' },
  { '^dockerfile%.', 'dockerfile' },
  { '^containerfile%.', 'dockerfile' },
  { '%.dockerfile$', 'dockerfile' },
  { '%.containerfile$', 'dockerfile' },
  { '^compose%.ya?ml$' },
  { '^compose%..*%.ya?ml$' },
  { '^docker%-compose.*%.ya?ml$' },
  { '^docker%-bake.*%.hcl$' },
  { '^docker%-bake.*%.json$' },
}

---@param path string
---@return table? of names
local function find(path)
  local name = vim.fs.basename(path):lower()
  return vim.iter(names):find(function(n)
    return name:find(n[1]) ~= nil
  end)
end

---@param path string
---@return boolean
function M.known(path)
  return find(path) ~= nil
end

---@param bufnr integer
---@return boolean
function M.is_dockerfile(bufnr)
  if vim.bo[bufnr].buftype ~= '' then
    return false -- what a step left, for one
  end
  local name = vim.api.nvim_buf_get_name(bufnr)
  local known = find(name)
  if known then
    return known[2] == 'dockerfile'
  end
  return vim.bo[bufnr].filetype == 'dockerfile'
end

--- Has Neovim know the names that it does not know: last of all patterns.
function M.detect()
  local function filetype(path)
    local known = find(path)
    return known and known[2]
  end
  vim.filetype.add({ pattern = { ['.*'] = { filetype, { priority = -math.huge } } } })
end

return M
