// What lies between VS Code's client library and the server.

import * as vscode from 'vscode';
import type { Builds } from './builds';
import type { BuildArgument, Run, Shell } from './contract';
import type { Middleware } from 'vscode-languageclient/node';
import { debugBuild } from './debug';
import { anotherEdits } from './others';
import type { Quiet } from './quiet';
import { runImage } from './run';
import { openShell } from './shell';
import type { Status } from './status';

/** Settings that the extension alone knows. */
const ours = ['path', 'releases', 'diagnostics'];

/** What a window that is not trusted may not ask for. */
const needTrust = ['buildls.build', 'buildls.shell', 'buildls.run', 'buildls.debug'];

export function middleware(status: Status, quiet: Quiet, builds: Builds): Middleware {
  let last: vscode.TextDocumentChangeEvent | undefined;
  return {
    // The library sends a change once for each registration that its document meets,
    // and a Dockerfile meets two: the static one, and the wider one for all buffers.
    didChange: async (event, next) => {
      if (event === last) return;
      last = event;
      await next(event);
    },
    handleWorkDoneProgress: (token, value, next) => {
      status.progress(token, value);
      builds.move();
      // The library's own progress has the cancel button. Its text need not be there
      // twice; what next is given is not heeded, so the value itself is changed.
      if (value.kind === 'report') value.message = '';
      next(token, value);
    },
    handleDiagnostics: (uri, diagnostics, next) => {
      quiet.handle(uri, diagnostics, next);
    },
    executeCommand: async (command, args: unknown[], next) => {
      if (needTrust.includes(command) && !vscode.workspace.isTrusted) {
        return void askForTrust();
      }
      if (command === 'buildls.debug') return debugBuild(args[0] as BuildArgument); // of a lens; the debugger asks the server itself
      const answer = (await next(command, args)) as unknown;
      if (command === 'buildls.shell') openShell(answer as Shell, builds.nameOf(args[0]));
      if (command === 'buildls.run') await runImage(answer as Run, builds.imageOf(args[0]));
      return answer;
    },
    workspace: {
      // The library would send all settings along, also what is kept back below. Without them the server asks.
      didChangeConfiguration: (_, next) => next(undefined),
      configuration: async (params, token, next) => {
        const values = await next(params, token);
        return Array.isArray(values) ? values.map(forServer) : values;
      },
    },
  };
}

async function askForTrust(): Promise<void> {
  const manage = 'Manage Trust';
  const answer = await vscode.window.showWarningMessage('buildls builds nothing in a restricted window.', manage);
  if (answer === manage) await vscode.commands.executeCommand('workbench.trust.manage');
}

/** The settings without those that the server does not know, or may not heed. */
function forServer(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const settings: Record<string, unknown> = { ...value };
  for (const name of ours) settings[name] = null;
  if (!vscode.workspace.isTrusted) {
    settings.buildOn = 'command';
    settings.onSave = null;
    settings.registry = 'nothing';
    settings.lint = { ...(settings.lint as object), shellcheck: 'off' };
  }
  if (settings.editing === 'auto' && anotherEdits()) settings.editing = 'off';
  return settings;
}
