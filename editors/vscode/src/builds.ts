// The builds that the server has told of, by their ids. A build's log may come before
// the answer that says its id, and builds are started by lenses and tasks too.

import * as vscode from 'vscode';
import type { Log, Result } from './contract';
import { shortTag, Transcript } from './transcript';

export class Build {
  readonly transcript = new Transcript();
  readonly ended: Promise<Result>;
  /** Somebody shows how it ends, so that no message need. */
  isShown = false;
  result: Result | undefined;
  private resolve!: (result: Result) => void;

  constructor(readonly id: string) {
    this.ended = new Promise((resolve) => (this.resolve = resolve));
  }

  end(result: Result): void {
    this.result = result;
    this.transcript.end(result);
    this.resolve(result);
  }
}

export class Builds {
  private readonly byId = new Map<string, Build>();
  private readonly started = new vscode.EventEmitter<Build>();
  private readonly finished = new vscode.EventEmitter<Build>();
  private readonly moved = new vscode.EventEmitter<void>();
  readonly onStart = this.started.event;
  readonly onEnd = this.finished.event;
  /** Some build has begun, is a step further, or has ended. */
  readonly onMove = this.moved.event;
  newest: Build | undefined;
  /** Those of which the server that runs has told, by their ids. */
  private readonly ofServer = new Set<string>();

  /** The build of that id. It is new if nothing has been heard of it. */
  get(id: string): Build {
    const known = this.byId.get(id);
    if (known) return known;
    const build = new Build(id);
    this.byId.set(id, build);
    this.ofServer.add(id);
    this.forgetOld();
    this.newest = build;
    this.started.fire(build);
    return build;
  }

  /** The build of that id, if it is remembered. */
  find(id: string): Build | undefined {
    return this.byId.get(id);
  }

  /** Whether the server that runs has built it. */
  isOfServer(id: string): boolean {
    return this.ofServer.has(id);
  }

  /** The name of a step, as BuildKit writes it; empty if it is not remembered. */
  nameOf(of: unknown): string {
    const { id = '', step = -1 } = (of ?? {}) as { id?: string; step?: number };
    return this.find(id)?.result?.steps[step]?.name ?? '';
  }

  /** What the image of a build is called; the newest's, if none is named. */
  imageOf(of: unknown): string {
    const { id } = (of ?? {}) as { id?: string };
    const result = (id === undefined ? this.newest : this.find(id))?.result;
    return result?.tags.map(shortTag)[0] ?? result?.target ?? '';
  }

  /** A build is a step further. */
  move(): void {
    this.moved.fire();
  }

  log(params: Log): void {
    this.get(params.id).transcript.add(params);
  }

  end(result: Result): void {
    const build = this.get(result.id);
    build.end(result);
    this.finished.fire(build);
    this.move();
  }

  /** The server is gone, and its builds with it. */
  lost(): void {
    for (const [id, build] of this.byId) {
      if (build.result) continue;
      const error = { message: 'the server has ended', uri: '' };
      this.end({ id, uri: '', status: 'failed', durationMs: 0, engine: '', target: '', tags: [], steps: [], warnings: [], error });
    }
    this.ofServer.clear();
    this.move();
  }

  private forgetOld(): void {
    for (const [id, build] of this.byId) {
      if (this.byId.size <= 20) return;
      if (build.result) this.byId.delete(id);
    }
  }
}
