;;; missing.el --- opens Dockerfiles without a server  -*- lexical-binding: t; -*-
;; emacs --batch -l missing.el FOLDER: says what is told, unasked and by a command, where the
;; programs of FOLDER are all there are.
(load (expand-file-name "~/.emacs.d/init.el") nil t)
(setq exec-path (list (pop command-line-args-left))
      inhibit-message t)
(defun tell (before call)
  "Print BEFORE and what CALL signals to the author, if it does."
  (condition-case err (funcall call)
    (user-error (princ (concat before (error-message-string err) "\n")))))
(dolist (name '("one.dockerfile" "two.dockerfile"))
  (find-file (expand-file-name name (car exec-path)))
  (tell "" #'eglot--guess-contact))
(tell "Asked again: " #'buildls-build)
