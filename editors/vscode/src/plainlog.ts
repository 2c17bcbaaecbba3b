// A build's log as a document, for restricted windows: VS Code asks there for trust before
// it shows any terminal.

import * as vscode from 'vscode';

const uri = vscode.Uri.parse('buildls-log:/Build log');

export class PlainLog implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(uri.scheme, this);
  private text = '';

  async show(text: string): Promise<void> {
    this.text = text.replace(/\x1b\[\d*m|\r/g, ''); // eslint-disable-line no-control-regex -- the colours
    this.changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true, preserveFocus: true });
  }

  provideTextDocumentContent(): string {
    return this.text;
  }

  dispose(): void {
    this.registration.dispose();
  }
}
