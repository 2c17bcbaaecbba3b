// Docker DX and Container Tools underline some of the same mistakes. What one of them
// has underlined is not underlined again. Quick fixes do not depend on it: the server
// finds them in the text.

import * as vscode from 'vscode';

type Next = (uri: vscode.Uri, diagnostics: vscode.Diagnostic[]) => void;

interface Published {
  all: vscode.Diagnostic[];
  shown: vscode.Diagnostic[];
  next: Next;
}

export class Quiet implements vscode.Disposable {
  private readonly published = new Map<string, Published>();
  private readonly listeners: vscode.Disposable[];

  constructor() {
    this.listeners = [
      vscode.languages.onDidChangeDiagnostics((event) => {
        for (const uri of event.uris) this.refresh(uri);
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration('buildls.diagnostics')) return;
        for (const uri of this.published.keys()) this.refresh(vscode.Uri.parse(uri));
      }),
    ];
  }

  handle(uri: vscode.Uri, all: vscode.Diagnostic[], next: Next): void {
    const shown = filter(uri, all);
    if (all.length > 0) this.published.set(uri.toString(), { all, shown, next });
    else this.published.delete(uri.toString());
    next(uri, shown);
  }

  /** Shows what others' diagnostics now leave to be shown, if that has changed. */
  private refresh(uri: vscode.Uri): void {
    const ours = this.published.get(uri.toString());
    if (!ours) return;
    const shown = filter(uri, ours.all);
    if (shown.length === ours.shown.length && shown.every((d, i) => d === ours.shown[i])) return;
    ours.shown = shown;
    ours.next(uri, shown);
  }

  dispose(): void {
    for (const listener of this.listeners) listener.dispose();
  }
}

function filter(uri: vscode.Uri, ours: vscode.Diagnostic[]): vscode.Diagnostic[] {
  if (vscode.workspace.getConfiguration('buildls').get('diagnostics.duplicates') === 'show') return ours;
  const others = vscode.languages.getDiagnostics(uri).filter((d) => d.source !== 'buildls');
  return ours.filter((d) => !others.some((other) => isSame(d, other)));
}

/** The same rule on the same line; or an error where a Dockerfile language server has one. */
function isSame(ours: vscode.Diagnostic, other: vscode.Diagnostic): boolean {
  const code = codeOf(ours);
  if (code === 'build' || ours.range.intersection(other.range) === undefined) return false;
  if (code === codeOf(other)) return true;
  return other.source === 'dockerfile-utils' && other.severity === ours.severity;
}

function codeOf(d: vscode.Diagnostic): string {
  const code = typeof d.code === 'object' ? d.code.value : d.code;
  return String(code ?? '');
}
