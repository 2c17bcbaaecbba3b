require('buildls.commands').define()
