/** The part of dynalite's surface that local mode uses (it ships no types). */
declare module 'dynalite' {
  import type { Server } from 'node:http';
  export default function dynalite(options: { createTableMs?: number; deleteTableMs?: number }): Server;
}
