// The server's program in a release: where it is, how it is downloaded, and held to its checksum.

import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
// By these names, without "node:", VS Code gives a module that heeds its setting http.proxy.
import * as http from 'http';
import * as https from 'https';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf } from './words';

const github = 'https://github.com/buildls/buildls/releases';
/** How long a host may say nothing, in milliseconds. */
const patience = 30_000;
/** What a program may have, in bytes: a wrong host does not fill the memory. */
const largest = 200_000_000;
const systems: Record<string, string> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const processors: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

/** Downloads what a URL names. */
export type Get = (url: URL) => Promise<Buffer>;

/** The program for this machine in a release. place is where releases are, if it is not GitHub. */
export function programOf(version: string, place: string): URL {
  const [system, processor] = [systems[process.platform], processors[process.arch]];
  if (system === undefined || processor === undefined) throw new Error(`There is no buildls for ${process.platform} on ${process.arch}.`);
  const name = `buildls-${system}-${processor}${system === 'windows' ? '.exe' : ''}.gz`;
  const url = `${(place || github).replace(/\/+$/, '')}/download/${version}/${name}`;
  if (!/^https?:/.test(url) || !URL.canParse(url)) throw new Error(`The setting buildls.releases is ${place}, which is no URL of http or https.`);
  return new URL(url);
}

/** A URL as it is shown: without a login. */
export function shown(url: URL): string {
  const plain = new URL(url);
  plain.username = plain.password = '';
  return plain.href;
}

/** Gets a program, if it is what SHA256SUMS beside it says. */
export async function getProgram(url: URL, get: Get): Promise<Buffer> {
  const name = path.posix.basename(url.pathname);
  const sums = new URL('SHA256SUMS', url);
  const lines = (await get(sums)).toString().split('\n');
  const want = lines.map((line) => line.trim().split(/\s+\*?/)).find((words) => words[1] === name)?.[0];
  if (want === undefined) throw new Error(`${shown(sums)} does not list ${name}. Nothing was kept.`);
  const packed = await get(url);
  const sum = createHash('sha256').update(packed).digest('hex');
  if (sum !== want.toLowerCase()) throw new Error(`${shown(url)} is not what SHA256SUMS says of it: its SHA-256 is ${sum}, and should be ${want}. Nothing was kept.`);
  return promisify(gunzip)(packed, { maxOutputLength: largest });
}

/** Puts a program in its place, and removes what else lies there: older ones, and parts. */
export async function keep(program: Buffer, file: string): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  const part = `${file}.part-${process.pid}`;
  try {
    await writeFile(part, program, { mode: 0o755 });
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
  for (const name of await readdir(folder)) {
    // One that runs in another window of Windows stays until the next time.
    if (name !== path.basename(file)) await rm(path.join(folder, name), { force: true }).catch(() => undefined);
  }
}

/** Downloads a file. got hears which part of it each piece is. An error names the URL. */
export async function download(url: URL, cancel: AbortSignal, got: (part: number) => void): Promise<Buffer> {
  try {
    return await read(await follow(url, cancel), got);
  } catch (error) {
    const why = messageOf(error) || (error as NodeJS.ErrnoException).code;
    throw new Error(`Cannot get ${shown(url)}: ${why ?? 'no connection'}.`, { cause: error });
  }
}

/** Asks for a URL and goes where it redirects to: GitHub keeps files on another host. */
async function follow(url: URL, cancel: AbortSignal): Promise<http.IncomingMessage> {
  for (let redirects = 0; redirects < 10; redirects++) {
    const response = await ask(url, cancel);
    const { statusCode = 0, statusMessage = '', headers } = response;
    if (statusCode === 200) return response;
    response.destroy();
    if (statusCode < 300 || statusCode > 399 || headers.location === undefined) throw new Error(`the answer is ${statusCode} ${statusMessage}`);
    const to = new URL(headers.location, url);
    if (url.protocol === 'https:' && to.protocol !== 'https:') throw new Error(`it redirects to ${to.protocol}//${to.host}, which is not encrypted`);
    url = to;
  }
  throw new Error('it redirects too often');
}

function ask(url: URL, signal: AbortSignal): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    let answer: http.IncomingMessage | undefined;
    const request = (url.protocol === 'http:' ? http : https).get(url, { signal, timeout: patience }, (response) => {
      answer = response;
      resolve(response);
    });
    // The answer, if it has begun, is what is read: by the request's end it would know no reason.
    request.on('timeout', () => (answer ?? request).destroy(new Error(`nothing came for ${patience / 1000} s`)));
    request.on('error', reject);
  });
}

async function read(response: http.IncomingMessage, got: (part: number) => void): Promise<Buffer> {
  const total = Number(response.headers['content-length']);
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > largest) throw new Error(`it has more than ${largest} bytes`);
    pieces.push(piece);
    if (total > 0) got(piece.length / total);
  }
  return Buffer.concat(pieces);
}
