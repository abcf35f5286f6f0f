import type { Disk } from '../host/index.ts'
import { reserveBytes, reserveName } from './names.ts'

/** Without room there is no reserve. */
export async function keepReserve(disk: Disk, directory: string): Promise<void> {
  const path = `${directory}/${reserveName}`
  try {
    if (((await disk.stat(path))?.size ?? 0) >= reserveBytes) return
    const reserve = await disk.open(path, 'write')
    try {
      await reserve.write(new Uint8Array(reserveBytes), 0)
      await reserve.sync()
    } finally {
      await reserve.close()
    }
  } catch {
    await disk.remove(path).catch(() => undefined)
  }
}

export async function spendReserve(disk: Disk, directory: string): Promise<boolean> {
  const path = `${directory}/${reserveName}`
  if ((await disk.stat(path)) === undefined) return false
  await disk.remove(path)
  return true
}
