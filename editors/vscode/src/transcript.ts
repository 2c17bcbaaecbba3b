// A build's log as a terminal shows it, in BuildKit's colours, and which places in it
// lead to lines of the Dockerfile.

import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Range } from 'vscode-languageclient/node';
import type { Log, Result, Step } from './contract';

const blue = (s: string): string => `\x1b[34m${s}\x1b[0m`;
const red = (s: string): string => `\x1b[31m${s}\x1b[0m`;
const yellow = (s: string): string => `\x1b[33m${s}\x1b[0m`;

/** How much is kept for those who open the log later, in UTF-16 units. */
const kept = 1 << 20;

export class Transcript {
  text = '';
  /** Places in the Dockerfile, as they are written in the text. */
  readonly links = new Map<string, vscode.Location>();
  private readonly written = new vscode.EventEmitter<string>();
  readonly onWrite = this.written.event;
  private last = '';

  add(log: Log): void {
    const header = log.name === this.last ? '' : blue(`${this.fresh()}=> ${log.name}\n`);
    this.last = log.name;
    this.write(header + log.text);
  }

  end(result: Result): void {
    let text = this.fresh() + (this.text === '' ? '' : '\n');
    for (const step of result.steps) text += this.step(step, result.uri) + '\n';
    for (const warning of result.warnings) text += yellow(`warning: ${warning.message}`) + '\n';
    this.write(text + this.outcome(result) + '\n');
  }

  /** The output of one step, of a build that has ended. */
  static ofStep(step: Step, uri: string, output: string): Transcript {
    const transcript = new Transcript();
    const place = step.status === 'failed' ? '' : `  ${transcript.place(uri, step.range)}`;
    transcript.write(`${transcript.step(step, uri)}${place}\n${output || 'It printed nothing.\n'}`);
    return transcript;
  }

  /** A build of which only the output is known. */
  static ofPast(result: Result, output: string): Transcript {
    const transcript = new Transcript();
    transcript.write(output);
    transcript.end(result);
    return transcript;
  }

  private step(step: Step, uri: string): string {
    const seconds = (step.durationMs / 1000).toFixed(1) + 's';
    switch (step.status) {
      case 'cached':
        return blue(`=> CACHED ${step.name}`);
      case 'done':
        return blue(`=> ${step.name}  ${seconds}`);
      case 'canceled':
        return yellow(`=> CANCELED ${step.name}`);
      case 'failed':
        return red(`=> ERROR ${step.name}  ${seconds}`) + `  ${this.place(uri, step.range)}`;
      default:
        return blue(`=> ${step.name}`);
    }
  }

  private outcome(result: Result): string {
    const seconds = (result.durationMs / 1000).toFixed(1);
    switch (result.status) {
      case 'succeeded':
        return `Built ${result.tags.map(shortTag).join(', ')} in ${seconds} s`.replace('  ', ' ');
      case 'canceled':
        return yellow('Canceled');
      case 'running':
        return '';
      case 'failed': {
        const error = result.error;
        const at = error?.range ? ` at ${this.place(error.uri, error.range)}` : '';
        return red('Failed') + at + red(`: ${error?.message ?? ''}`);
      }
    }
  }

  /** A place as a link: the file's name and its line, counted from 1. */
  private place(uri: string, range: Range): string {
    const at = locationOf(uri, range);
    const label = `${path.posix.basename(at.uri.path)}:${at.range.start.line + 1}`;
    this.links.set(label, at);
    return label;
  }

  private fresh(): string {
    return this.text === '' || this.text.endsWith('\n') ? '' : '\n';
  }

  private write(text: string): void {
    const lines = text.replace(/\r?\n/g, '\r\n');
    this.text = (this.text + lines).slice(-kept);
    this.written.fire(lines);
  }
}

export function shortTag(tag: string): string {
  return tag.replace(/^docker\.io\/(library\/)?/, '');
}

export function locationOf(uri: string, { start, end }: Range): vscode.Location {
  return new vscode.Location(vscode.Uri.parse(uri), new vscode.Range(start.line, start.character, end.line, end.character));
}
