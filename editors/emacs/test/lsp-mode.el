;;; lsp-mode.el --- lsp-buildls.el starts a server  -*- lexical-binding: t; -*-
;; emacs --batch -l lsp-mode.el FILE DOCKERFILE: loads lsp-buildls.el, opens a Dockerfile, and
;; waits half a minute at most until the server says that its first line is wrong.
(load (pop command-line-args-left) nil t)
(require 'dockerfile-mode)
(setq lsp-auto-guess-root t lsp-enable-file-watchers nil lsp-diagnostics-provider :none
      lsp-keep-workspace-alive nil)
(find-file (pop command-line-args-left))
(lsp)
(let ((end (+ (float-time) 30)))
  (while (and (zerop (hash-table-count (lsp-diagnostics))) (< (float-time) end))
    (accept-process-output nil 0.1)))
(let ((found (mapcar (lambda (d) (lsp-get d :message))
                     (gethash (lsp--fix-path-casing buffer-file-name) (lsp-diagnostics)))))
  (unless (seq-some (lambda (message) (string-match-p "COPPY" message)) found)
    (message "no problem was shown, but %S" found)
    (kill-emacs 1)))
