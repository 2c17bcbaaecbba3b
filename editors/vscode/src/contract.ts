// What the extension and the server say to each other beyond the protocol. The main
// README describes it; nothing else of the server is relied upon.

import type { Range } from 'vscode-languageclient/node';

export interface BuildArgument {
  uri?: string;
  target?: string;
  profile?: string;
  [field: string]: unknown;
}

export interface Started {
  id: string;
  token: string | number | null;
}

export interface Step {
  name: string;
  range: Range;
  status: 'waiting' | 'running' | 'cached' | 'done' | 'failed' | 'canceled';
  durationMs: number;
  lastMs?: number | null;
  exitCode?: number | null;
  why?: string;
}

export interface Result {
  id: string;
  uri: string;
  status: 'running' | 'succeeded' | 'failed' | 'canceled';
  /** RFC 3339. */
  started?: string;
  durationMs: number;
  engine: string;
  context?: string;
  target: string;
  tags: string[];
  platforms?: string[];
  digest?: string | null;
  profile?: { name: string; source: string } | null;
  steps: Step[];
  warnings: { message: string }[];
  error?: { message: string; uri: string; range?: Range | null } | null;
}

/** What became of the build that follows the text, of buildls/following. */
export interface Followed {
  status: 'off' | 'waiting' | 'building' | 'succeeded' | 'failed' | 'resting';
  uri: string;
  message: string;
}

/** What a step did to a file. The path is absolute; a directory's ends with a slash. */
export interface Change {
  path: string;
  change: 'added' | 'changed' | 'deleted';
  bytes: number;
}

export interface FileText {
  text: string;
  bytes: number;
  binary: boolean;
  truncated: boolean;
}

/** A command line for a terminal. */
export interface Shell {
  command: string[];
}

/** A command line that runs an image. A port without an address is not reached on this machine. */
export interface Run extends Shell {
  ports: { port: number; protocol: string; address: string | null }[];
}

export interface Target {
  name: string;
  description: string;
  base: string;
  platform: string;
  default: boolean;
}

export interface Profile {
  name: string;
  description?: string;
  source?: string;
}

export interface Context {
  context: string;
  files: number;
  bytes: number;
  excluded: { uri: string; line: number; pattern: string; files: number; dirs: number }[];
  largest: { path: string; bytes: number }[];
  byInstruction: { name: string; range: Range; files: number; bytes: number; missing: string[] }[];
  secrets: string[];
}

export interface Log {
  id: string;
  step: number | null;
  name: string;
  text: string;
}
