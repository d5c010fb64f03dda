import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Changes files in a function's unpacked copy before it starts: how a simulated region brings its own certificates. */
export type AssetOverlay = (functionLogicalId: string, directory: string) => void;

export type Unpacked = {
  asset(functionLogicalId: string, s3Key: string): string;
  inline(functionLogicalId: string, code: string): string;
};

/** Copies of the functions' code under `<workDir>/assets/<logical id>`; the synthesized assembly is never touched. */
export function createUnpacker(
  workDir: string,
  assetDirectory: (s3Key: string) => string,
  overlay: AssetOverlay = () => undefined,
): Unpacked {
  const root = join(workDir, 'assets');
  mkdirSync(root, { recursive: true });
  // Ends Node's search for a package scope here, as nothing lies above /var/task in Lambda.
  writeFileSync(join(root, 'package.json'), '{}\n');
  const place = (functionLogicalId: string, fill: (directory: string) => void): string => {
    const directory = join(root, functionLogicalId);
    mkdirSync(directory, { recursive: true });
    fill(directory);
    overlay(functionLogicalId, directory);
    return directory;
  };
  return {
    asset: (functionLogicalId, s3Key) =>
      place(functionLogicalId, (directory) => cpSync(assetDirectory(s3Key), directory, { recursive: true })),
    inline: (functionLogicalId, code) =>
      place(functionLogicalId, (directory) => writeFileSync(join(directory, 'index.js'), code)),
  };
}
