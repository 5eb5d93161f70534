import { statfs } from 'node:fs/promises';

/** Bytes that this process may still write where the folders lie: the least of them. Throws what the system says. */
export async function freeBytes(folders: readonly string[]): Promise<number> {
  const free = await Promise.all(
    folders.map(async (folder) => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    }),
  );
  return Math.min(...free);
}
