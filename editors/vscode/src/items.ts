// How the nodes of the Builds view look: VS Code's own icons and colours, a word or two
// behind the name, and all that is known in the tooltip.

import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Result, Step } from './contract';
import { uriOf } from './stepfiles';
import { shortTag } from './transcript';
import { hasFiles, hasShell, isRunning, partsOf, type BuildNode, type FileNode, type FolderNode, type Node, type StageNode, type StepNode } from './tree';
import { cut, moment, seconds, size } from './words';

const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;

/** Of a step's instruction, so that what became of it is seen too. */
const widest = 32;

type Status = Step['status'] | Result['status'];

const icons: Record<Status, vscode.ThemeIcon> = {
  waiting: icon('circle-outline', 'disabledForeground'),
  running: icon('loading~spin'),
  cached: icon('pass', 'disabledForeground'),
  done: icon('pass', 'testing.iconPassed'),
  succeeded: icon('pass', 'testing.iconPassed'),
  failed: icon('error', 'testing.iconFailed'),
  canceled: icon('circle-slash', 'disabledForeground'),
};

function icon(name: string, color?: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(name, color === undefined ? undefined : new vscode.ThemeColor(color));
}

export function itemOf(node: Node): vscode.TreeItem {
  switch (node.kind) {
    case 'build':
      return ofBuild(node);
    case 'stage':
      return ofStage(node);
    case 'step':
      return ofStep(node);
    case 'folder':
      return ofFolder(node);
    case 'file':
      return ofFile(node);
    case 'note':
      return Object.assign(new vscode.TreeItem(node.text), { iconPath: icon('info'), tooltip: node.text });
  }
}

function ofBuild({ result, isNewest }: BuildNode): vscode.TreeItem {
  const name = result.target === '' ? fileOf(result) : `${fileOf(result)} · ${result.target}`;
  const hasSteps = isRunning(result) || result.steps.length > 0; // one that runs will have some
  const item = new vscode.TreeItem(name, hasSteps ? (isNewest ? Expanded : Collapsed) : None);
  item.id = isNewest ? `${result.id} newest` : result.id; // another item, so that one is open: VS Code remembers what is
  item.iconPath = icons[result.status];
  const began = result.started === undefined ? '' : moment(new Date(result.started));
  item.description = isRunning(result) ? began : `${seconds(result.durationMs)}, ${began}`;
  item.contextValue = `build ${isRunning(result) ? 'running' : 'ended'}`;
  item.accessibilityInformation = { label: `Build of ${name}, ${result.status}, ${item.description}` };
  item.tooltip = lines([
    `${name}: ${result.status}`,
    result.error?.message,
    ['Began', result.started === undefined ? '' : new Date(result.started).toLocaleString()],
    ['Cached', isRunning(result) ? '' : `${result.steps.filter((s) => s.status === 'cached').length} of ${result.steps.length} steps`],
    ['Image', result.tags.map(shortTag).join(', ')],
    ['Digest', result.digest],
    ['Profile', result.profile?.name],
    ['Platforms', result.platforms?.join(', ')],
    ['Context', result.context],
    ['Engine', result.engine],
    ...result.warnings.map((w): Line => ['Warning', w.message]),
  ]);
  return item;
}

function fileOf({ uri }: Result): string {
  const at = vscode.Uri.parse(uri);
  return vscode.workspace.getWorkspaceFolder(at) ? vscode.workspace.asRelativePath(at, false) : path.posix.basename(at.path);
}

function ofStage({ build, name, steps }: StageNode): vscode.TreeItem {
  const item = new vscode.TreeItem(name || 'the last stage', Expanded);
  item.id = `${build.result.id} ${name}`;
  const cached = steps.filter(({ step }) => step.status === 'cached').length;
  const took = steps.reduce((sum, { step }) => sum + step.durationMs, 0);
  item.description = cached === steps.length ? 'cached' : took > 0 ? seconds(took) : '';
  item.iconPath = icon('layers');
  return item;
}

function ofStep(node: StepNode): vscode.TreeItem {
  const { build, index, step } = node;
  const { instruction } = partsOf(step.name);
  const item = new vscode.TreeItem(cut(instruction.replace(/\s+/g, ' '), widest), hasFiles(node) ? Collapsed : None);
  item.id = `${build.result.id} ${index}`;
  item.iconPath = icons[step.status];
  item.description = becameOf(step);
  item.contextValue = ['step', ...(hasShell(node) ? ['shell'] : []), ...(isRunning(build.result) ? [] : ['ended'])].join(' ');
  item.accessibilityInformation = { label: `${instruction}, ${item.description || step.status}` };
  item.command = { command: 'buildls.ui.line', title: 'Go to Line', arguments: [node] };
  const tooltip = lines([
    `Line ${step.range.start.line + 1}: ${becameOf(step) || step.status}`,
    ['Not cached', step.why],
    ['The last time', step.lastMs == null ? '' : seconds(step.lastMs)],
  ]);
  item.tooltip = new vscode.MarkdownString().appendCodeblock(instruction, 'dockerfile').appendMarkdown(tooltip.value);
  return item;
}

/** What became of a step, in a word or two. */
function becameOf({ status, durationMs, exitCode, lastMs }: Step): string {
  switch (status) {
    case 'done':
      return seconds(durationMs) + (lastMs != null && seconds(lastMs) !== seconds(durationMs) ? `, was ${seconds(lastMs)}` : '');
    case 'failed':
      return exitCode == null ? 'failed' : `exit ${exitCode}`;
    case 'canceled':
      return durationMs > 0 ? 'canceled' : 'skipped';
    case 'waiting':
      return '';
    default:
      return status;
  }
}

function ofFolder({ of, name, folder }: FolderNode): vscode.TreeItem {
  const isEmpty = folder.folders.size + folder.files.length === 0;
  const item = new vscode.TreeItem(name, isEmpty ? None : Collapsed);
  item.id = `${of.build.result.id} ${of.index} ${folder.path}`;
  item.resourceUri = uriOf(of, folder.path, folder.change?.change);
  item.iconPath = vscode.ThemeIcon.Folder;
  item.tooltip = folder.path;
  return item;
}

function ofFile({ of, change }: FileNode): vscode.TreeItem {
  const item = new vscode.TreeItem(path.posix.basename(change.path));
  item.id = `${of.build.result.id} ${of.index} ${change.path}`;
  item.resourceUri = uriOf(of, change.path, change.change);
  item.iconPath = vscode.ThemeIcon.File;
  item.description = size(change.bytes);
  item.tooltip = `${change.path}, ${change.change} by this step`;
  if (change.change !== 'deleted') item.command = { command: 'vscode.open', title: 'Open', arguments: [item.resourceUri] };
  return item;
}

type Line = string | null | undefined | [what: string, value: string | null | undefined];

/**
 * Lines of a tooltip, without those of which nothing is known. What they say is not read as
 * Markdown. (MarkdownString's own appendText keeps lines from being broken between words.)
 */
function lines(all: Line[]): vscode.MarkdownString {
  const said = all.map((line) => (Array.isArray(line) ? (line[1] ? `${line[0]}: ${line[1]}` : '') : line)).filter((line): line is string => !!line);
  const plain = (line: string): string => line.trim().replace(/[!-/:-@[-`{-~]/g, '\\$&').replaceAll('\n', '  \n');
  return new vscode.MarkdownString(said.map(plain).join('\n\n'));
}
