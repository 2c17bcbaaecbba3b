// The builds that the server has told of, by their ids. A build's log may come before
// the answer that says its id, and builds are started by lenses and tasks too.

import * as vscode from 'vscode';
import type { Log, Result } from './contract';
import { Transcript } from './transcript';

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
  readonly onStart = this.started.event;
  readonly onEnd = this.finished.event;
  newest: Build | undefined;

  /** The build of that id. It is new if nothing has been heard of it. */
  get(id: string): Build {
    const known = this.byId.get(id);
    if (known) return known;
    const build = new Build(id);
    this.byId.set(id, build);
    this.forgetOld();
    this.newest = build;
    this.started.fire(build);
    return build;
  }

  log(params: Log): void {
    this.get(params.id).transcript.add(params);
  }

  end(result: Result): void {
    const build = this.get(result.id);
    build.end(result);
    this.finished.fire(build);
  }

  /** The server is gone, and its builds with it. */
  lost(): void {
    for (const [id, build] of this.byId) {
      if (build.result) continue;
      const error = { message: 'the server has ended', uri: '' };
      this.end({ id, uri: '', status: 'failed', durationMs: 0, engine: '', target: '', tags: [], steps: [], warnings: [], error });
    }
  }

  private forgetOld(): void {
    for (const [id, build] of this.byId) {
      if (this.byId.size <= 20) return;
      if (build.result) this.byId.delete(id);
    }
  }
}
