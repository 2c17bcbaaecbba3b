// The folder that the tests open.

import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export const { DESK, ARTEFACTS, BUILDLS } = process.env;
const { HOME, PATH } = process.env;
export const folder = join(DESK, 'coffee');
export const vsix = (name) => join(ARTEFACTS, `${name}.vsix`);

export const onDisk = `FROM scratch AS base
COPY busybox /bin/
RUN ["/bin/busybox", "--install", "/bin"]

FROM base AS shop
RUN echo disk >/proof
`;

/** The line that is typed and mended. */
export const line = 6;

const image = { label: 'image', type: 'buildls', dockerfile: 'Dockerfile', outputs: [{ type: 'local', dest: 'out' }] };

const launch = { name: 'shop', type: 'node', request: 'launch', program: '${workspaceFolder}/launched.cjs', console: 'internalConsole', preLaunchTask: 'image' };

/** Where a window finds the server: what prepares it, and what it is then. The extension host has the PATH of a login shell. */
export const servers = {
  onPath: { lay: () => profile(PATH), is: BUILDLS },
  ofGo: {
    async lay() {
      await profile(bare);
      await mkdir(join(HOME, 'go', 'bin'), { recursive: true });
      await symlink(BUILDLS, join(HOME, 'go', 'bin', 'buildls'));
    },
    is: join(HOME, 'go', 'bin', 'buildls'),
  },
  inPackage: {
    lay: layNone,
    is: /extensions\/buildls\.buildls-[^/]*\/bin\/buildls$/m,
  },
  nowhere: { lay: layNone },
};

async function layNone() {
  await profile(bare);
  await rm(join(HOME, 'go'), { recursive: true, force: true });
}

const bare = PATH.split(':')
  .filter((folder) => folder !== dirname(BUILDLS))
  .join(':');

async function profile(path) {
  await writeFile(join(HOME, '.profile'), `PATH=${path}\n`);
}

/** Writes the folder's own settings. */
export async function settings(value) {
  await writeFile(join(folder, '.vscode', 'settings.json'), JSON.stringify(value));
}

export async function lay() {
  await mkdir(join(folder, '.vscode'));
  await writeFile(join(folder, '.vscode', 'tasks.json'), JSON.stringify({ version: '2.0.0', tasks: [image] }));
  await writeFile(join(folder, '.vscode', 'launch.json'), JSON.stringify({ version: '0.2.0', configurations: [launch] }));
  await writeFile(join(folder, 'launched.cjs'), "require('fs').copyFileSync('out/prices.txt', 'launched.txt')\n");
  await settings({});
  await writeFile(join(folder, 'Dockerfile'), onDisk);
  await writeFile(join(folder, 'tea.containerfile'), 'ARG BASE=scratch\nFROM $BASE AS tea\nRUN a \\\n    && b\nFROM tea\nRUN <<EOF\ntrue\nEOF\n');
  await writeFile(join(folder, '.dockerignore'), '*\n!busybox\n!prices.txt\n');
  await writeFile(join(folder, 'prices.txt'), 'disk\n');
  await writeFile(join(folder, 'compose.yaml'), 'services:\n  api:\n    build: { context: ., target: shop }\n');
}
