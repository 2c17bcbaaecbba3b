// Whether the computer runs on battery: then builds do not follow the text.

import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const every = 60_000;

/** What Linux and macOS say; undefined if they say nothing. */
async function onBattery(supplies = '/sys/class/power_supply'): Promise<boolean | undefined> {
  if (process.platform === 'darwin') return (await promisify(execFile)('pmset', ['-g', 'batt'])).stdout.includes("'Battery Power'");
  let battery: boolean | undefined;
  for (const name of await readdir(supplies)) {
    const line = (file: string): Promise<string> => readFile(join(supplies, name, file), 'utf8').then((text) => text.trim(), () => '');
    const [kind, online, status, scope] = await Promise.all(['type', 'online', 'status', 'scope'].map(line));
    if (scope === 'Device') continue; // that of a mouse
    if ((kind === 'Mains' || kind === 'USB') && online === '1') return false;
    if (kind === 'Mains' && online === '0') battery = true;
    else if (kind === 'Battery' && status && status !== 'Unknown') battery = battery === true || status === 'Discharging';
  }
  return battery;
}

/** Looks now and then as long as builds follow the text, and tells what is new. */
export class Power {
  private timer: NodeJS.Timeout | undefined;
  private told: boolean | undefined;

  constructor(private readonly tell: (battery: boolean) => Promise<void>) {}

  watch(isFollowing: boolean): void {
    if (isFollowing === (this.timer !== undefined)) return;
    clearInterval(this.timer);
    this.told = undefined; // the next server knows nothing
    this.timer = isFollowing ? setInterval(this.look, every) : undefined;
    if (isFollowing) this.look();
  }

  private readonly look = (): void => {
    const told = async (battery: boolean | undefined): Promise<void> => {
      if (battery === undefined || battery === this.told) return;
      this.told = battery;
      await this.tell(battery);
    };
    onBattery().then(told).catch(() => undefined); // it is not known, or the server has ended
  };
}
