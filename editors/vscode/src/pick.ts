// Choosing what to build. The answers are remembered for each Dockerfile, and offered
// first the next time.

import * as vscode from 'vscode';
import type { BuildArgument, Profile, Target } from './contract';
import type { Server } from './server';

interface Item extends vscode.QuickPickItem {
  value: string | undefined;
}

const options = [
  { field: 'noCache', label: 'No cache', description: 'run every step again' },
  { field: 'pull', label: 'Pull', description: 'ask the registry for newer base images' },
  { field: 'load', label: 'Load', description: 'put the image into the Docker engine' },
  { field: 'push', label: 'Push', description: 'push it to the registries of its tags' },
] as const;

const lists = [
  { field: 'tags', label: 'Tags…', prompt: 'Names for the image, separated by spaces' },
  { field: 'platforms', label: 'Platforms…', prompt: 'For example linux/amd64 linux/arm64' },
  { field: 'buildArgs', label: 'Build arguments…', prompt: 'NAME=value, separated by spaces' },
] as const;

const title = 'Build Image';

export class Picker {
  constructor(
    private readonly server: Server,
    private readonly memory: vscode.Memento,
  ) {}

  /** What was chosen last for a Dockerfile. */
  last(uri: vscode.Uri | undefined): BuildArgument | undefined {
    return this.memory.get<BuildArgument>(key(uri));
  }

  /** Asks for stage, profile and options. Undefined if the author thinks better of it. */
  async choose(uri: vscode.Uri | undefined): Promise<BuildArgument | undefined> {
    const about = uri ? { uri: uri.toString() } : {};
    const last = this.last(uri) ?? {};
    const target = await this.target(about, last.target);
    if (!target) return undefined;
    const profile = await this.profile(about, last.profile);
    if (!profile) return undefined;
    const more = await this.options(last);
    if (!more) return undefined;
    const chosen: BuildArgument = { ...about, ...more };
    if (target.value !== undefined) chosen.target = target.value;
    if (profile.value !== undefined) chosen.profile = profile.value;
    await this.memory.update(key(uri), chosen);
    return chosen;
  }

  private async target(about: object, last: string | undefined): Promise<Item | undefined> {
    const targets = await this.server.execute<Target[]>('buildls.targets', about);
    const items = targets.map((t, i): Item => {
      const value = t.default ? undefined : t.name || String(i);
      return { label: t.name || `stage ${i}`, description: `FROM ${t.base}${t.default ? ', the default' : ''}`, detail: t.description, value };
    });
    return pick(items.reverse(), last, 'Which stage?');
  }

  /** Asks for a profile if there are any, and the server knows of them. */
  private async profile(about: object, last: string | undefined): Promise<Item | undefined> {
    const none: Item = { label: 'No profile', value: undefined };
    if (!this.server.has('buildls.profiles')) return none;
    const profiles = await this.server.execute<Profile[]>('buildls.profiles', about);
    if (profiles.length === 0) return none;
    const items = profiles.map((p): Item => ({ label: p.name, description: p.description ?? '', detail: p.source ?? '', value: p.name }));
    return pick([none, ...items], last, 'Which profile?');
  }

  private async options(last: BuildArgument): Promise<BuildArgument | undefined> {
    const items = [
      ...options.map((o) => ({ ...o, picked: last[o.field] === true })),
      ...lists.map((l) => ({ ...l, description: written(last[l.field]), picked: last[l.field] !== undefined })),
    ];
    const picked = await vscode.window.showQuickPick(items, { title, placeHolder: 'Options', canPickMany: true });
    if (!picked) return undefined;
    const chosen: BuildArgument = {};
    for (const item of picked) {
      if (!('prompt' in item)) {
        chosen[item.field] = true;
        continue;
      }
      const text = await vscode.window.showInputBox({ title, prompt: item.prompt, value: written(last[item.field]) });
      if (text === undefined) return undefined;
      if (text.trim() !== '') chosen[item.field] = read(item.field, text.trim());
    }
    return chosen;
  }
}

async function pick(items: Item[], last: string | undefined, placeHolder: string): Promise<Item | undefined> {
  const first = items.findIndex((item) => item.value === last);
  if (first > 0) items.unshift(...items.splice(first, 1));
  return vscode.window.showQuickPick(items, { title, placeHolder, matchOnDescription: true, matchOnDetail: true });
}

function key(uri: vscode.Uri | undefined): string {
  return `last:${uri?.toString() ?? ''}`;
}

/** A list or an object of values, as the author types it. */
function written(value: unknown): string {
  if (Array.isArray(value)) return value.join(' ');
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([name, v]) => `${name}=${String(v)}`)
    .join(' ');
}

function read(field: string, text: string): unknown {
  const words = text.split(/\s+/);
  if (field !== 'buildArgs') return words;
  return Object.fromEntries(words.map((word) => [word.split('=', 1)[0], word.includes('=') ? word.slice(word.indexOf('=') + 1) : null]));
}
