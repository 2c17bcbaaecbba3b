// The Builds view. It asks the server when it is looked at, and again when a build has
// moved on while it is: nobody asks for a view that is hidden.

import * as vscode from 'vscode';
import type { Builds } from './builds';
import type { Change, Result } from './contract';
import { itemOf } from './items';
import type { Server } from './server';
import { entriesOf, folderOf, hasFiles, stagesOf, type BuildNode, type Folder, type Node, type StepNode } from './tree';
import { messageOf } from './words';

/** How often the view may follow a build that runs, in milliseconds. */
const pace = 500;
/** Of how many steps the files are remembered. */
const most = 50;

export class BuildsView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<Node>;
  private readonly listeners: vscode.Disposable[];
  /** What steps did to the files, as the server has told. */
  private readonly folders = new Map<string, Promise<Folder>>();
  private isStale = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly server: Server,
    private readonly builds: Builds,
  ) {
    this.view = vscode.window.createTreeView('buildls.builds', { treeDataProvider: this, showCollapseAll: true });
    this.listeners = [
      this.view,
      builds.onMove(() => {
        this.refreshSoon();
      }),
      this.view.onDidChangeVisibility(({ visible }) => {
        if (visible && this.isStale) this.refresh();
      }),
    ];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return itemOf(node);
  }

  async getChildren(node?: Node): Promise<Node[]> {
    switch (node?.kind) {
      case undefined:
        return this.roots();
      case 'build':
        return stagesOf(node);
      case 'stage':
        return node.steps;
      case 'step':
        return hasFiles(node) ? this.filesOf(node) : [];
      case 'folder':
        return entriesOf(node.of, node.folder);
      default:
        return [];
    }
  }

  refresh(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.isStale = false;
    this.changed.fire(undefined);
  }

  private refreshSoon(): void {
    this.isStale = true;
    if (!this.view.visible) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (this.view.visible) this.refresh();
    }, pace);
  }

  private async roots(): Promise<BuildNode[]> {
    try {
      const results = await this.server.execute<Result[]>('buildls.builds');
      this.view.message = '';
      return results.map((result, i) => ({ kind: 'build', result, isNewest: i === 0, isOpen: this.builds.isOfServer(result.id) }));
    } catch (error) {
      this.view.message = messageOf(error);
      return [];
    }
  }

  private async filesOf(node: StepNode): Promise<Node[]> {
    const key = `${node.build.result.id} ${node.index}`;
    try {
      const known = this.folders.get(key) ?? this.askFiles(node);
      this.folders.set(key, known);
      for (const [oldest] of this.folders) if (this.folders.size > most) this.folders.delete(oldest);
      const entries = entriesOf(node, await known);
      return entries.length > 0 ? entries : [{ kind: 'note', text: 'It changed no files.' }];
    } catch (error) {
      this.folders.delete(key);
      return [{ kind: 'note', text: messageOf(error) }];
    }
  }

  private async askFiles({ build, index }: StepNode): Promise<Folder> {
    return folderOf(await this.server.execute<Change[]>('buildls.files', { id: build.result.id, step: index }));
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const listener of this.listeners) listener.dispose();
  }
}
