;;; check.el --- byte-compiles files and asks checkdoc  -*- lexical-binding: t; -*-
;; emacs --batch -l check.el FILE…: says what is wrong, and fails, if anything is.
(require 'checkdoc)
(setq byte-compile-error-on-warn t
      byte-compile-dest-file-function (lambda (_) (make-temp-file "checked")))
(dolist (file command-line-args-left)
  (unless (byte-compile-file file)
    (kill-emacs 1))
  (checkdoc-file file))
