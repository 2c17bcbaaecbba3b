-- For vim.lsp.enable('buildls'), Neovim 0.11 and newer. See :h buildls
return require('buildls.server').config()
