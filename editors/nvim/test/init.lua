-- The configuration that the tests' editor starts with: what the README tells users to write,
-- and a statusline.
vim.opt.runtimepath:append(vim.env.PLUGIN) -- as the README's recipes do
require('buildls').setup()
vim.o.statusline = " %f %m %= %<%{v:lua.require'buildls'.status()} "
vim.o.laststatus = 2
vim.o.swapfile = false
vim.o.termguicolors = true
vim.o.background = 'dark'
vim.o.number = true
vim.diagnostic.config({ virtual_text = true })
