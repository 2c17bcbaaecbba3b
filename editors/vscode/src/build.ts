// Building: what the author asked for, and what they are told when it has ended.

import * as vscode from 'vscode';
import type { Build } from './builds';
import type { BuildArgument, Started } from './contract';
import { openLocation, type BuildLog } from './log';
import type { Server } from './server';
import { locationOf } from './transcript';

export class Builder {
  constructor(
    private readonly server: Server,
    private readonly log: BuildLog,
  ) {}

  async build(argument: BuildArgument): Promise<void> {
    await this.server.execute<Started>('buildls.build', argument);
  }

  /** Cancels a build, the newest if none is named. */
  async cancel(id?: string): Promise<void> {
    const { canceled } = await this.server.execute<{ canceled: boolean }>('buildls.cancel', id === undefined ? {} : { id });
    if (!canceled) void vscode.window.showInformationMessage('No build runs.');
  }

  /**
   * Shows a failure with ways to go on, unless the author is looking at the line that
   * failed: there it is underlined. The server itself says what has no line.
   */
  async tell(build: Build): Promise<void> {
    const error = build.result?.error;
    if (build.isShown || !error?.range) return;
    const at = locationOf(error.uri, error.range);
    if (isVisible(at)) return;
    const [showLog, goToLine] = ['Show Log', 'Go to Line'];
    const choice = await vscode.window.showErrorMessage(`Build failed: ${firstLine(error.message)}`, showLog, goToLine);
    if (choice === showLog) this.log.show();
    if (choice === goToLine) await openLocation(at);
  }
}

function isVisible(at: vscode.Location): boolean {
  return vscode.window.visibleTextEditors.some(
    (editor) => editor.document.uri.toString() === at.uri.toString() && editor.visibleRanges.some((seen) => seen.intersection(at.range)),
  );
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
  return (text.split('\n', 1)[0] ?? '').replace(/:$/, '');
}
