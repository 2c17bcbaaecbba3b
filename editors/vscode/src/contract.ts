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
  status: 'cached' | 'done' | 'failed' | 'canceled';
  durationMs: number;
  exitCode?: number | null;
}

export interface Result {
  id: string;
  uri: string;
  status: 'succeeded' | 'failed' | 'canceled';
  durationMs: number;
  engine: string;
  target: string;
  tags: string[];
  steps: Step[];
  warnings: { message: string }[];
  error?: { message: string; uri: string; range?: Range | null } | null;
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
