// What the Builds view is made of: builds, their stages, their steps, and what a step did
// to the files. It knows no VS Code.

import type { Change, Result, Step } from './contract';

export interface BuildNode {
  kind: 'build';
  result: Result;
  isNewest: boolean;
  /** The server can be asked what its steps left. */
  isOpen: boolean;
}

export interface StageNode {
  kind: 'stage';
  build: BuildNode;
  name: string;
  steps: StepNode[];
}

export interface StepNode {
  kind: 'step';
  build: BuildNode;
  index: number;
  step: Step;
}

export interface FolderNode {
  kind: 'folder';
  of: StepNode;
  /** From the folder that it is shown in; several names if there is nothing else between. */
  name: string;
  folder: Folder;
}

export interface FileNode {
  kind: 'file';
  of: StepNode;
  change: Change;
}

export interface NoteNode {
  kind: 'note';
  text: string;
}

export type Node = BuildNode | StageNode | StepNode | FolderNode | FileNode | NoteNode;

/** The stages of a build in their order; the steps themselves if there is one stage without a name. */
export function stagesOf(build: BuildNode): (StageNode | StepNode)[] {
  const stages = new Map<string, StageNode>();
  build.result.steps.forEach((step, index) => {
    const { stage: name } = partsOf(step.name);
    const stage = stages.get(name) ?? { kind: 'stage', build, name, steps: [] };
    stages.set(name, stage);
    stage.steps.push({ kind: 'step', build, index, step });
  });
  const all = [...stages.values()];
  return all.length === 1 && all[0]?.name === '' ? all[0].steps : all;
}

/** A step's name is as BuildKit writes it: "[linux/arm64 shop 2/3] RUN make". */
export function partsOf(name: string): { stage: string; instruction: string } {
  const [, stage, instruction] = /^\[([^\]]*?) ?\d+\/\d+\] ([^]*)$/.exec(name) ?? [];
  return { stage: stage ?? '', instruction: instruction ?? name };
}

export function isRunning(result: Result): boolean {
  return result.status === 'running';
}

/** Whether a step left files that can be looked at. */
export function hasFiles({ build, step }: StepNode): boolean {
  return canOpen(build) && (step.status === 'done' || step.status === 'cached') && !isFrom(step);
}

/** Whether a shell can be opened in a step. */
export function hasShell(node: StepNode): boolean {
  return hasFiles(node) || (canOpen(node.build) && node.step.status === 'failed' && partsOf(node.step.name).instruction.startsWith('RUN '));
}

function canOpen(build: BuildNode): boolean {
  return build.isOpen && !isRunning(build.result);
}

function isFrom(step: Step): boolean {
  return partsOf(step.name).instruction.startsWith('FROM ');
}

/** A directory, and what a step did in it. */
export class Folder {
  readonly folders = new Map<string, Folder>();
  readonly files: Change[] = [];
  /** What the step did to the directory itself. */
  change: Change | undefined;

  constructor(readonly path: string) {}

  add(change: Change): void {
    const names = change.path.split('/').filter(Boolean);
    const isFolder = change.path.endsWith('/');
    const file = isFolder ? undefined : names.pop();
    let folder: Folder = this; // eslint-disable-line @typescript-eslint/no-this-alias -- where the walk begins
    for (const name of names) folder = folder.inner(name);
    if (file === undefined) folder.change = change;
    else folder.files.push(change);
  }

  private inner(name: string): Folder {
    const known = this.folders.get(name);
    if (known) return known;
    const folder = new Folder(`${this.path}${name}/`);
    this.folders.set(name, folder);
    return folder;
  }
}

export function folderOf(changes: Change[]): Folder {
  const root = new Folder('/');
  for (const change of changes) root.add(change);
  return root;
}

/** How many files of a folder are shown: VS Code takes seconds for tens of thousands. */
const most = 1000;

/** What is in a folder: the folders first, each by name. One that holds nothing but a folder is shown together with it. */
export function entriesOf(of: StepNode, { folders, files }: Folder): Node[] {
  const shown = [...folders].map(([name, folder]): FolderNode => {
    while (folder.files.length === 0 && folder.folders.size === 1) {
      for (const [next, only] of folder.folders) {
        name += `/${next}`;
        folder = only;
      }
    }
    return { kind: 'folder', of, name, folder };
  });
  const more: NoteNode[] = files.length > most ? [{ kind: 'note', text: `${files.length - most} more are not shown` }] : [];
  return [
    ...shown.sort((a, b) => compare(a.name, b.name)),
    ...files
      .sort((a, b) => compare(a.path, b.path))
      .slice(0, most)
      .map((change): FileNode => ({ kind: 'file', of, change })),
    ...more,
  ];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
