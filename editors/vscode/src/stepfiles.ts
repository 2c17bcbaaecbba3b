// Files as a step of a build left them: documents that can be read and not written, and
// what the step did to them, shown as source control shows changes.

import * as vscode from 'vscode';
import type { Change, FileText } from './contract';
import type { Server } from './server';
import type { StepNode } from './tree';
import { messageOf, size } from './words';

const scheme = 'buildls-step';

/** A file of a step: which build and step it is of stands in the query. */
export function uriOf({ build, index }: StepNode, path: string, change: Change['change'] | undefined): vscode.Uri {
  return vscode.Uri.from({ scheme, path, query: new URLSearchParams({ id: build.result.id, step: String(index), change: change ?? '' }).toString() });
}

export class StepFiles implements vscode.TextDocumentContentProvider, vscode.FileDecorationProvider {
  constructor(private readonly server: Server) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(vscode.workspace.registerTextDocumentContentProvider(scheme, this), vscode.window.registerFileDecorationProvider(this));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const query = new URLSearchParams(uri.query);
    const argument = { id: query.get('id'), step: Number(query.get('step')), path: uri.path };
    try {
      const file = await this.server.execute<FileText>('buildls.file', argument);
      if (file.binary) return `${uri.path} is binary, ${size(file.bytes)}. Only text is shown.\n`;
      return (file.truncated ? `[The first ${size(file.text.length)} of ${size(file.bytes)}]\n` : '') + file.text;
    } catch (error) {
      return messageOf(error) + '\n';
    }
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== scheme) return undefined;
    const color = (name: string): vscode.ThemeColor => new vscode.ThemeColor(`gitDecoration.${name}ResourceForeground`);
    switch (new URLSearchParams(uri.query).get('change')) {
      case 'added':
        return new vscode.FileDecoration('A', 'Added', color('added'));
      case 'changed':
        return new vscode.FileDecoration('M', 'Changed', color('modified'));
      case 'deleted':
        return new vscode.FileDecoration('D', 'Deleted', color('deleted'));
      default:
        return undefined;
    }
  }
}
