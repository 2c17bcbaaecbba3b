// Numbers and times as people read them.

export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let i = 0;
  for (; bytes >= 1000 && i < units.length - 1; i++) bytes /= 1000;
  return `${i === 0 ? bytes : bytes.toFixed(1)} ${units[i] ?? ''}`;
}

export function seconds(ms: number): string {
  const s = Math.round(ms / 1000);
  return s < 60 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}

/** The time of day, and of other days their date. */
export function moment(when: Date): string {
  const time = when.toLocaleTimeString([], { timeStyle: 'short' });
  return when.toDateString() === new Date().toDateString() ? time : `${when.toLocaleDateString([], { month: 'short', day: 'numeric' })} ${time}`;
}

export function cut(text: string, widest: number): string {
  return text.length <= widest ? text : text.slice(0, widest - 1) + '…';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
