// What a build would send, as a text that can be read and searched.

import * as vscode from 'vscode';
import type { Context } from './contract';
import type { Server } from './server';
import { count, size } from './words';

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
  const lines = [`A build sends ${count(c.files, 'file')}, ${size(c.bytes)}, of ${c.context}`];
  const section = (title: string, rows: string[]): void => {
    if (rows.length > 0) lines.push('', title, ...rows.map((row) => `  ${row}`));
  };
  section('It may send secrets:', c.secrets);
  section(
    'Needed by',
    c.byInstruction.map((i) => `${column(i.bytes)}  line ${i.range.start.line + 1}  ${i.name}, ${count(i.files, 'file')}${missing(i.missing)}`),
  );
  section(
    'Largest',
    c.largest.map((f) => `${column(f.bytes)}  ${f.path}`),
  );
  section(
    'Kept out',
    c.excluded.map((e) => `${basename(e.uri)}:${e.line + 1}  ${e.pattern}  ${count(e.files, 'file')}, ${count(e.dirs, 'folder')}`),
  );
  return lines.join('\n') + '\n';
}

function missing(sources: string[]): string {
  return sources.length === 0 ? '' : `; nothing matches ${sources.join(', ')}`;
}

function basename(uri: string): string {
  return decodeURIComponent(uri.slice(uri.lastIndexOf('/') + 1));
}

function column(bytes: number): string {
  return size(bytes).padStart(8);
}
