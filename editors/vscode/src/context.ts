// What a build would send, as a text that can be read and searched.

import * as vscode from 'vscode';
import type { Context } from './contract';
import type { Server } from './server';

const scheme = 'buildls-context';

export class ContextView implements vscode.TextDocumentContentProvider {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  constructor(private readonly server: Server) {}

  register(): vscode.Disposable {
    return vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  /** Shows the context of a Dockerfile, as it is now. */
  async show(dockerfile: vscode.Uri | undefined): Promise<void> {
    await this.server.start();
    if (!this.server.has('buildls.context')) {
      void vscode.window.showInformationMessage('This version of buildls cannot show the context yet.');
      return;
    }
    const uri = vscode.Uri.from({ scheme, path: '/Build context', query: dockerfile?.toString() ?? '' });
    this.changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const argument = uri.query === '' ? {} : { uri: uri.query };
    return render(await this.server.execute<Context>('buildls.context', argument));
  }
}

function render(c: Context): string {
  const lines = [`${c.files} files, ${size(c.bytes)} would be sent.`];
  if (c.byInstruction.length > 0) lines.push('', 'Needed by:');
  for (const i of c.byInstruction) lines.push(`  ${size(i.bytes).padStart(10)}  ${String(i.files).padStart(6)} files  ${i.name ?? i.instruction ?? ''}`);
  if (c.largest.length > 0) lines.push('', 'Largest:');
  for (const f of c.largest) lines.push(`  ${size(f.bytes).padStart(10)}  ${f.path}`);
  return lines.join('\n') + '\n';
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let i = 0;
  for (; bytes >= 1000 && i < units.length - 1; i++) bytes /= 1000;
  return `${i === 0 ? bytes : bytes.toFixed(1)} ${units[i] ?? ''}`;
}
