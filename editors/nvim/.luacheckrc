std = 'luajit'
cache = false
self = false -- methods need not use it
max_line_length = 150 -- stylua breaks lines; it leaves long strings and comments
read_globals = { vim = { other_fields = true, fields = {
  b = { other_fields = true, read_only = false },
  bo = { other_fields = true, read_only = false },
  env = { other_fields = true, read_only = false },
  o = { other_fields = true, read_only = false },
  wo = { other_fields = true, read_only = false },
  opt = { other_fields = true, read_only = false },
} } }
files['test'] = { read_globals = { vim = { fields = { notify = { read_only = false }, notify_once = { read_only = false } } } } }
