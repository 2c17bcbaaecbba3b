// Choosing what to build. The answers are remembered for each Dockerfile, and offered
// first the next time.

import * as vscode from 'vscode';
import type { BuildArgument, Profile, Target } from './contract';
import type { Server } from './server';

interface Item extends vscode.QuickPickItem {
  chosen?: BuildArgument;
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

  /** Asks for a stage or a profile, and for options. Undefined if the author thinks better of it. */
  async choose(uri: vscode.Uri | undefined): Promise<BuildArgument | undefined> {
    const about = uri ? { uri: uri.toString() } : {};
    const last = this.last(uri) ?? {};
    const what = await this.what(about, last);
    if (!what?.chosen) return undefined;
    const more = await this.options(last);
    if (!more) return undefined;
    const chosen: BuildArgument = { ...about, ...more, ...what.chosen };
    await this.memory.update(key(uri), chosen);
    return chosen;
  }

  /** Asks what to build. The last answer stands first. */
  private async what(about: object, last: BuildArgument): Promise<Item | undefined> {
    const profiles = await this.profiles(about);
    const items = [...(await this.stages(about)), ...profiles];
    const first = items.findIndex((item) => item.chosen?.target === last.target && item.chosen?.profile === last.profile);
    if (first > 0) items.unshift(...items.splice(first, 1));
    const at = items.findIndex((item) => item.chosen?.profile !== undefined && item.chosen.profile !== last.profile);
    if (at >= 0) items.splice(at, 0, { label: 'profiles', kind: vscode.QuickPickItemKind.Separator });
    const placeHolder = profiles.length > 0 ? 'Which stage or profile?' : 'Which stage?';
    return vscode.window.showQuickPick(items, { title, placeHolder, matchOnDescription: true, matchOnDetail: true });
  }

  /** The stages, the last one first: it is built if nothing is said. */
  private async stages(about: object): Promise<Item[]> {
    const targets = await this.server.execute<Target[]>('buildls.targets', about);
    const named = targets.filter((t) => t.name !== '' || t.default); // others cannot be asked for
    const items = named.map((t): Item => {
      const description = `FROM ${t.base}${t.default ? ', the default' : ''}`;
      return { label: t.name || 'the last stage', description, detail: t.description, chosen: t.default ? {} : { target: t.name } };
    });
    return items.reverse();
  }

  private async profiles(about: object): Promise<Item[]> {
    if (!this.server.has('buildls.profiles')) return [];
    const profiles = await this.server.execute<Profile[]>('buildls.profiles', about);
    return profiles.map((p) => ({ label: p.name, description: describe(p), chosen: { profile: p.name } }));
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

function describe(p: Profile): string {
  const source = p.source?.startsWith('file:') ? vscode.workspace.asRelativePath(vscode.Uri.parse(p.source)) : p.source;
  return [p.description, source].filter(Boolean).join(', ');
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
