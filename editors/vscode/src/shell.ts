// A shell in a step of a build. The server answers with a command line; it is given a
// terminal.

import * as vscode from 'vscode';
import type { Shell } from './contract';
import { partsOf } from './tree';
import { cut } from './words';

/**
 * Runs the command line. It ends with 125 if there is no shell, and has said why: the
 * terminal, which would be gone at once, then asks for other programs. A shell's own exit
 * code is none of the author's business: VS Code would show it as an error.
 */
const script = `
"$@"
[ $? = 125 ] || exit 0
set -f
while printf 'A program of the image to run (Enter closes): ' && read -r program && [ -n "$program" ]; do
  "$@" -- $program
done
exit 0`;

export function openShell({ command }: Shell, name: string): void {
  const { instruction } = partsOf(name);
  // Windows has no sh: there the terminal runs the command line itself.
  const [shellPath = '', ...shellArgs] =
    process.platform === 'win32' ? command : ['/bin/sh', '-c', script, 'sh', ...command];
  const terminal = vscode.window.createTerminal({
    name: cut(`Shell: ${instruction}`, 30),
    iconPath: new vscode.ThemeIcon('terminal'),
    isTransient: true,
    shellPath,
    shellArgs,
    message: `\x1b[34m=> ${name}\x1b[0m\r\nWhat this step left. What you change is not kept.`,
  });
  terminal.show();
}
