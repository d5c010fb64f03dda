#!/usr/bin/env node
/* The operator's CLI as a program: hands over to run.js, which says in one sentence when this Node is too old. */
import { fileURLToPath } from 'node:url';

process.argv.splice(2, 0, fileURLToPath(new URL('./mayfly.ts', import.meta.url)));
await import('./run.js');
