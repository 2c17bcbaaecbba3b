-- The options of setup(), and what each is without it.

local M = {
  cmd = { 'buildls' },
  settings = {}, -- as in the README, without "buildls."
  -- Whichever comes first in this list and is found upwards is in the root: the folder that
  -- is the build context. Without any it is the Dockerfile's own.
  root_markers = {
    '.git',
    'docker-bake.hcl',
    'compose.yaml',
    'compose.yml',
    'docker-compose.yaml',
    'docker-compose.yml',
    '.dockerignore',
  },
  code_lens = true,
  inlay_hints = true,
  progress = true, -- in the message line; not if fidget or noice is there to show it
}

return M
