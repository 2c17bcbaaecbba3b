// What the Builds view's commands do with a build, a step or a file of it.

import * as vscode from 'vscode';
import type { Builds } from './builds';
import type { BuildArgument, Result } from './contract';
import { openLocation, type BuildLog } from './log';
import type { Server } from './server';
import { locationOf, Transcript } from './transcript';
import { isRunning, partsOf, type Node, type StepNode } from './tree';

export class Inside {
  constructor(
    private readonly server: Server,
    private readonly builds: Builds,
    private readonly log: BuildLog,
  ) {}

  /** Shows the log of what was clicked on, else that of the newest build. */
  async showLog(clicked: unknown): Promise<void> {
    const node = nodeOf(clicked);
    if (node?.kind === 'build') this.log.show(await this.logOf(node.result));
    else if (node?.kind === 'step') this.log.show(await this.logOfStep(node));
    else this.log.show(this.builds.newest?.transcript);
  }

  private async logOf(result: Result): Promise<Transcript> {
    const known = this.builds.find(result.id)?.transcript;
    return known ?? Transcript.ofPast(result, await this.outputOf({ id: result.id }));
  }

  private async logOfStep({ build, step, index }: StepNode): Promise<Transcript> {
    if (isRunning(build.result)) return this.logOf(build.result);
    return Transcript.ofStep(step, build.result.uri, await this.outputOf({ id: build.result.id, step: index }));
  }

  private async outputOf(of: { id: string; step?: number }): Promise<string> {
    return (await this.server.execute<{ text: string }>('buildls.log', of)).text;
  }

  /** Goes to the line of a step. */
  async goToLine(clicked: unknown): Promise<void> {
    const node = nodeOf(clicked);
    if (node?.kind !== 'step') return;
    const at = locationOf(node.build.result.uri, node.step.range);
    const document = await vscode.workspace.openTextDocument(at.uri);
    await openLocation(new vscode.Location(at.uri, rangeNow(document, at.range, partsOf(node.step.name).instruction)));
  }

  /** Opens a shell in a step; the middleware gives it a terminal, as for a lens. */
  async openShell(clicked: unknown): Promise<void> {
    const node = nodeOf(clicked);
    if (node?.kind === 'step') await vscode.commands.executeCommand('buildls.shell', { id: node.build.result.id, step: node.index });
  }

  /** Runs the image of what was clicked on, else of the newest build; likewise. */
  async run(clicked: unknown): Promise<void> {
    const build = buildOf(clicked);
    await vscode.commands.executeCommand('buildls.run', build ? { id: build.id } : {});
  }
}

function nodeOf(clicked: unknown): Node | undefined {
  return typeof clicked === 'object' && clicked !== null && 'kind' in clicked ? (clicked as Node) : undefined;
}

/** The build that was clicked on in the view. */
export function buildOf(clicked: unknown): Result | undefined {
  const node = nodeOf(clicked);
  return node?.kind === 'build' ? node.result : undefined;
}

/** Builds the same once more. A profile is named for an inline Dockerfile alone: its outputs apply if it is. */
export function againOf({ uri, target, profile }: Result): BuildArgument {
  if (profile?.source === uri) return { profile: profile.name };
  return target === '' ? { uri } : { uri, target };
}

/**
 * Where an instruction stands now: the text may have been edited since it was built. It is
 * the nearest line that begins with the same words, and without one the line it was.
 */
function rangeNow(document: vscode.TextDocument, then: vscode.Range, instruction: string): vscode.Range {
  const head = wordsOf(instruction);
  for (let away = 0; away < document.lineCount; away++) {
    for (const line of [then.start.line - away, then.start.line + away]) {
      if (line < 0 || line >= document.lineCount) continue;
      const text = document.lineAt(line);
      if (text.text.trim() !== '' && wordsOf(text.text) === head) return away === 0 ? then : text.range;
    }
  }
  return then;
}

/** The first words of an instruction: what follows may be continued on other lines, or hold variables. */
function wordsOf(text: string): string {
  return text.trim().split(/\s+/).slice(0, 2).join(' ').toLowerCase();
}
