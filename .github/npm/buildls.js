#!/usr/bin/env node
// Starts buildls of the package for this system, which npm installed beside this one.
'use strict';

const { spawn } = require('node:child_process');

const name = `@buildls/${process.platform}-${process.arch}`;
let program;
try {
  program = require.resolve(`${name}/buildls${process.platform === 'win32' ? '.exe' : ''}`);
} catch {
  console.error(`buildls: the package ${name} is not installed.
It is an optional dependency of buildls, which npm leaves out with --omit=optional, or if it
cannot be fetched. Install it with: npm install ${name}
If there is no such package, see https://github.com/buildls/buildls#install.`);
  process.exit(1);
}

const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' });
// A terminal sends Ctrl-C to both. The program decides what it means, and when it ends.
const terminal = [0, 1, 2].some((fd) => require('node:tty').isatty(fd));
process.on('SIGINT', () => terminal || child.kill('SIGINT'));
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`buildls: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
