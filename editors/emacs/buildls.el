;;; buildls.el --- Build container images from the buffer  -*- lexical-binding: t; -*-

;; Copyright the authors of buildls
;; SPDX-License-Identifier: Apache-2.0
;; Author: The authors of buildls
;; URL: https://github.com/buildls/buildls
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1") (eglot "1.9"))
;; Keywords: languages, tools

;;; Commentary:

;; Has Eglot start buildls for Dockerfiles, and adds what Eglot lacks: commands
;; that build (`buildls-build'), cancel (`buildls-cancel'), show the log
;; (`buildls-log'), open a shell in a step (`buildls-shell') and run the image
;; (`buildls-run'), and what became of a build: in the mode line, as a message,
;; and from Emacs 29 on behind each instruction.
;;
;; What is built is what the buffers hold, saved or not.

;;; Code:

(require 'ansi-color)
(require 'battery)
(require 'eglot)
(require 'project)
(require 'term)

(declare-function eglot-execute "eglot" (server action))

;; `M-x eglot' is then enough, wherever it was loaded from first.
;;;###autoload (with-eval-after-load 'eglot (require 'buildls))

(defclass buildls-server (eglot-lsp-server)
  ((power-timer :initform nil :documentation "Runs as long as builds follow the text."))
  :documentation "A buildls, which says when a build has ended.")

(defvar buildls--told nil
  "Whether it was told that there is no server.")

(defun buildls--install ()
  "The command to install the server here, or the page about it."
  (cl-loop for (program . command) in
           '(("brew" . "brew install buildls/tap/buildls")
             ("scoop" . "scoop bucket add buildls https://github.com/buildls/scoop-bucket && scoop install buildls")
             ("winget" . "winget install buildls.buildls")
             ("npm" . "npm install -g buildls")
             ("go" . "go install github.com/buildls/buildls/cmd/buildls@latest"))
           when (executable-find program t) return command
           finally return "https://github.com/buildls/buildls#install"))

(defun buildls--contact (&optional interactive)
  "What Eglot is to start.
If it is missing, signal what helps: always if INTERACTIVE, else once."
  (unless (or current-prefix-arg ; another program may be typed
              (executable-find "buildls" t)
              (and buildls--told (not interactive)))
    (setq buildls--told t)
    (user-error "There is no buildls on the PATH; install it: %s" (buildls--install)))
  '(buildls-server "buildls"))

(add-to-list 'eglot-server-programs
             '((dockerfile-mode dockerfile-ts-mode) . buildls--contact))

(defvar buildls--server nil
  "The server of the newest build.
The buffer of the log, for one, has none of its own.")

(cl-defmethod eglot-client-capabilities ((_server buildls-server))
  "What Eglot can; it is told of ends and statuses of builds, and has terminals."
  (plist-put (copy-sequence (cl-call-next-method))
             :experimental '(:buildls (:finished t :following t :shell t :run t))))

(defalias 'buildls--uri
  (if (fboundp 'eglot-path-to-uri) 'eglot-path-to-uri 'eglot--path-to-uri)
  "The URI of a path.")

(defalias 'buildls--path
  (if (fboundp 'eglot-uri-to-path) 'eglot-uri-to-path 'eglot--uri-to-path)
  "The path of a URI.")

(defvar-local buildls--build nil
  "The id of the newest build of this Dockerfile.")

(defvar-local buildls--status nil
  "What became of that build, in a word, for the mode line.")

(add-to-list 'minor-mode-alist '(buildls--status (" Build:" buildls--status)))

(declare-function eglot--update-hints-1 "eglot" (from to))

(defun buildls--draw-hints ()
  "Ask for inlay hints, which Eglot does after edits only."
  (when (and (bound-and-true-p eglot-inlay-hints-mode) (fboundp 'eglot--update-hints-1))
    (eglot--update-hints-1 (point-min) (point-max))))

(defun buildls--show (status)
  "Show STATUS in the mode line."
  (setq buildls--status status)
  (force-mode-line-update))

(cl-defmethod eglot-handle-notification
  ((_server buildls-server) (_method (eql 'buildls/buildFinished))
   &key id uri status durationMs engine error &allow-other-keys)
  "Say how build ID of URI has ended: STATUS, DURATIONMS, ENGINE, ERROR."
  (with-current-buffer (or (find-buffer-visiting (buildls--path uri)) (current-buffer))
    (when (equal id buildls--build) ; not one that it overtook
      (buildls--show status)
      (buildls--draw-hints)))
  (message "buildls: %s"
           (pcase status
             ("succeeded" (format "built in %.1f s on %s" (/ durationMs 1000.0) engine))
             ("canceled" "canceled")
             (_ (concat "failed: "
                        (car (split-string (or (plist-get error :message) "") "\n")))))))

(defun buildls--tell-power (server)
  "Tell SERVER whether there is only the battery, if that is known."
  (let ((source (and battery-status-function
                     (cdr (assq ?L (ignore-errors (funcall battery-status-function)))))))
    (cond
     ((not (jsonrpc-running-p server))
      (cancel-timer (slot-value server 'power-timer)))
     ((and (stringp source)
           (string-match "\\`\\(?:\\(off-line\\|bat\\)\\|on-line\\|ac\\)" (downcase source)))
      (jsonrpc-notify server :buildls/power
                      (list :battery (if (match-string 1 source) t :json-false)))))))

(cl-defmethod eglot-handle-notification
  ((server buildls-server) (_method (eql 'buildls/following)) &key status &allow-other-keys)
  "Tell SERVER of the power each minute, until STATUS is \"off\"."
  (let ((timer (slot-value server 'power-timer)))
    (cond
     ((equal status "off")
      (when timer (cancel-timer timer))
      (setf (slot-value server 'power-timer) nil))
     ((not timer)
      (setf (slot-value server 'power-timer)
            (run-with-timer 0 60 #'buildls--tell-power server))))))

(defun buildls--of-buffer ()
  "The buildls of this buffer, or nil."
  (let ((server (eglot-current-server)))
    (and (cl-typep server 'buildls-server) server)))

(defun buildls--start ()
  "The buildls of this buffer.  It is started if there is no server yet."
  (unless (or (eglot-current-server) (null buffer-file-name))
    (call-interactively #'eglot))
  (or (buildls--of-buffer)
      (user-error "No buildls here: visit a Dockerfile in `dockerfile-mode'")))

(defun buildls--execute (server command &optional argument)
  "Have SERVER execute COMMAND with ARGUMENT, a plist, and return its answer.
It gets the changes of this buffer first."
  (let ((params (list :command command
                      :arguments (if argument (vector argument) []))))
    (if (fboundp 'eglot-execute)
        (eglot-execute server params)
      (jsonrpc-request server :workspace/executeCommand params :deferred command))))

(defun buildls--unsaved (server)
  "Modified buffers of the project that Eglot does not send to SERVER."
  (let ((root (expand-file-name (project-root (eglot--project server)))))
    (cl-remove-if-not
     (lambda (buffer)
       (with-current-buffer buffer
         (and buffer-file-name
              (buffer-modified-p)
              (not (eq (eglot-current-server) server))
              (string-prefix-p root (expand-file-name buffer-file-name)))))
     (buffer-list))))

(defun buildls--call-with-unsaved (server call)
  "Call CALL while SERVER has the unsaved buffers of the project.
A build takes its snapshot when it is asked for, so that they need not stay."
  (let (open)
    (unwind-protect
        (progn
          (dolist (buffer (buildls--unsaved server))
            (with-current-buffer buffer
              (push (buildls--uri buffer-file-name) open)
              (jsonrpc-notify server :textDocument/didOpen
                              `(:textDocument
                                (:uri ,(car open) :languageId "plaintext" :version 0
                                 :text ,(save-restriction
                                          (widen)
                                          (buffer-substring-no-properties (point-min) (point-max))))))))
          (funcall call))
      (dolist (uri open)
        (jsonrpc-notify server :textDocument/didClose `(:textDocument (:uri ,uri)))))))

(defun buildls--read-target ()
  "Ask for a stage of this Dockerfile."
  (let ((targets (buildls--execute (buildls--start) "buildls.targets"
                                   (list :uri (buildls--uri buffer-file-name)))))
    (completing-read "Build target: "
                     (delq nil (mapcar (lambda (target) (plist-get target :name)) targets))
                     nil t)))

;;;###autoload
(defun buildls-build (&optional argument)
  "Build the image of this Dockerfile, saved or not.
With a prefix argument ask for the stage.  From Lisp, ARGUMENT is a plist
of what else the server's command `buildls.build' takes, such as :target."
  (interactive (list (and current-prefix-arg (list :target (buildls--read-target)))))
  (let* ((server (buildls--start))
         (argument (append (list :uri (buildls--uri buffer-file-name)) argument))
         (answer (buildls--call-with-unsaved
                  server (lambda () (buildls--execute server "buildls.build" argument)))))
    (setq buildls--server server
          buildls--build (plist-get answer :id))
    (buildls--show "running")))

(defun buildls--of-newest-build ()
  "The server of this buffer, else that of the newest build."
  (or (buildls--of-buffer)
      buildls--server
      (user-error "Nothing was built yet")))

;;;###autoload
(defun buildls-cancel ()
  "Cancel the newest build."
  (interactive)
  ;; Not `jsonrpc-request': that of Emacs 28 leaves what comes right behind the
  ;; answer, here that the build has ended, until more comes.
  (jsonrpc-async-request
   (buildls--of-newest-build)
   :workspace/executeCommand '(:command "buildls.cancel" :arguments [])
   :success-fn (lambda (answer)
                 (unless (eq (plist-get answer :canceled) t)
                   (message "buildls: no build is running")))))

(defun buildls--terminal (server argument &optional run)
  "Have SERVER open a shell, in the step that ARGUMENT names, in a terminal.
If RUN is non-nil, run the image of the build there."
  (let* ((answer (jsonrpc-request server :workspace/executeCommand
                                  (list :command (if run "buildls.run" "buildls.shell")
                                        :arguments (vector argument))))
         (command (append (plist-get answer :command) nil)))
    (pop-to-buffer (apply #'term-ansi-make-term
                          (generate-new-buffer-name (if run "*buildls run*" "*buildls shell*"))
                          (car command) nil (cdr command)))
    (term-mode)
    (term-char-mode)))

;; The quick fix of a step that failed is a command of ours. Eglot has renamed how it is run.
(if (fboundp 'eglot-execute)
    (cl-defmethod eglot-execute ((server buildls-server) action)
      "Have SERVER execute ACTION; open a shell here."
      (if (equal (plist-get action :command) "buildls.shell")
          (buildls--terminal server (aref (plist-get action :arguments) 0))
        (cl-call-next-method)))
  (with-no-warnings
    (cl-defmethod eglot-execute-command
      ((server buildls-server) (_command (eql buildls.shell)) arguments)
      "Open a shell of SERVER in the step that ARGUMENTS name."
      (buildls--terminal server (aref arguments 0)))))

;;;###autoload
(defun buildls-shell (&optional step)
  "Open a shell in the step that failed; with a prefix argument, in STEP, from 1."
  (interactive (list (and current-prefix-arg (prefix-numeric-value current-prefix-arg))))
  (buildls--terminal (buildls--of-newest-build)
                     (append (and buildls--build (list :id buildls--build))
                             (and step (list :step (1- step))))))

;;;###autoload
(defun buildls-run (&optional command)
  "Run the image of the newest build in a terminal.
With a prefix argument, ask for a COMMAND in place of the image's."
  (interactive (list (and current-prefix-arg (read-shell-command "Command: "))))
  (buildls--terminal (buildls--of-newest-build)
                     (append (and buildls--build (list :id buildls--build))
                             (and command (list :command (apply #'vector (split-string-and-unquote command)))))
                     t))

;;;###autoload
(defun buildls-log ()
  "Show the output of the newest build."
  (interactive)
  (let ((text (plist-get (buildls--execute (buildls--of-newest-build) "buildls.log") :text)))
    (with-current-buffer (get-buffer-create "*buildls log*")
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (ansi-color-apply (or text "")))
        (special-mode))
      (goto-char (point-max))
      (display-buffer (current-buffer)))))

(provide 'buildls)
;;; buildls.el ends here
