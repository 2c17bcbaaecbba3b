// Building: what the author asked for, and what they are told when it has ended.

import * as vscode from 'vscode';
import type { Build } from './builds';
import type { BuildArgument, Started } from './contract';
import { openLocation, type BuildLog } from './log';
import type { Server } from './server';

export class Builder {
  constructor(
    private readonly server: Server,
    private readonly log: BuildLog,
  ) {}

  async build(argument: BuildArgument): Promise<void> {
    await this.server.execute<Started>('buildls.build', argument);
  }

  async cancel(): Promise<void> {
    const { canceled } = await this.server.execute<{ canceled: boolean }>('buildls.cancel');
    if (!canceled) void vscode.window.showInformationMessage('No build runs.');
  }

  /** Shows a failure once, with ways to go on. The server itself says what has no line. */
  async tell(build: Build): Promise<void> {
    const error = build.result?.error;
    if (build.isShown || !error?.range) return;
    const [showLog, goToLine] = ['Show Log', 'Go to Line'];
    const choice = await vscode.window.showErrorMessage(`Build failed: ${firstLine(error.message)}`, showLog, goToLine);
    const { start, end } = error.range;
    const range = new vscode.Range(start.line, start.character, end.line, end.character);
    if (choice === showLog) this.log.show();
    if (choice === goToLine) await openLocation(new vscode.Location(vscode.Uri.parse(error.uri), range));
  }
}

/** The Dockerfile that a command is about: the one clicked on, else the one being edited, else the server's last. */
export function dockerfileOf(clicked: unknown): vscode.Uri | undefined {
  if (clicked instanceof vscode.Uri) return clicked;
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === 'dockerfile' ? document.uri : undefined;
}

export function argumentOf(uri: vscode.Uri | undefined): BuildArgument {
  return uri ? { uri: uri.toString() } : {};
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
