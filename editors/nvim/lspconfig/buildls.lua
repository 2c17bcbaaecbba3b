---@brief
---
--- https://github.com/buildls/buildls
---
--- `buildls` checks, completes and formats Dockerfiles, and builds their images from what the
--- buffers hold. Its code lenses build a stage and cancel a build: `vim.lsp.codelens.enable()` shows
--- them.
---
--- [The repository](https://github.com/buildls/buildls/tree/HEAD/editors/nvim) also has a plugin,
--- with the log, the steps and the files of a build. The plugin brings this configuration itself.

---@type vim.lsp.Config
return {
  cmd = { 'buildls' },
  filetypes = { 'dockerfile' },
  root_markers = {
    '.git',
    'docker-bake.hcl',
    'compose.yaml',
    'compose.yml',
    'docker-compose.yaml',
    'docker-compose.yml',
    '.dockerignore',
  },
}
