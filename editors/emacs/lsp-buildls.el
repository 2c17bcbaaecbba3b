;;; lsp-buildls.el --- buildls for lsp-mode  -*- lexical-binding: t; -*-

;; Copyright the authors of buildls
;; SPDX-License-Identifier: Apache-2.0
;; Author: The authors of buildls
;; URL: https://github.com/buildls/buildls
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1") (lsp-mode "8.0"))
;; Keywords: languages, tools

;;; Commentary:

;; Has lsp-mode start buildls for Dockerfiles, and adds commands that build
;; (`lsp-buildls-build') and cancel (`lsp-buildls-cancel').

;;; Code:

(require 'lsp-mode)

(defgroup lsp-buildls nil
  "A language server that builds container images."
  :group 'lsp-mode
  :link '(url-link "https://github.com/buildls/buildls"))

(defcustom lsp-buildls-command '("buildls")
  "The command that starts the server."
  :group 'lsp-buildls
  :type '(repeat string))

(defun lsp-buildls--execute (command &optional argument)
  "Have the server execute COMMAND with ARGUMENT, a plist."
  ;; Not `lsp-workspace-command-execute', which drops what comes right behind the answer.
  (lsp-request-async "workspace/executeCommand"
                     (list :command command :arguments (if argument (vector argument) []))
                     #'ignore))

;;;###autoload
(defun lsp-buildls-build ()
  "Build the image of this Dockerfile, saved or not."
  (interactive)
  (lsp-buildls--execute "buildls.build" (list :uri (lsp--buffer-uri))))

;;;###autoload
(defun lsp-buildls-cancel ()
  "Cancel the newest build."
  (interactive)
  (lsp-buildls--execute "buildls.cancel"))

(lsp-register-client
 (make-lsp-client :new-connection (lsp-stdio-connection (lambda () lsp-buildls-command))
                  :activation-fn (lsp-activate-on "dockerfile")
                  :priority 1
                  :server-id 'buildls))

(provide 'lsp-buildls)
;;; lsp-buildls.el ends here
