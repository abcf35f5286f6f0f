import type { Disk } from '../host/index.ts'
import { damagedFolder } from './names.ts'

const maxDamagedFiles = 16

/** An operator can salvage their rows. */
export async function moveToDamaged(disk: Disk, directory: string, names: readonly string[]): Promise<void> {
  const aside = `${directory}/${damagedFolder}`
  await disk.makeDirectory(aside, 0o700)
  for (const name of names) {
    if ((await disk.stat(`${directory}/${name}`)) !== undefined)
      await disk.rename(`${directory}/${name}`, `${aside}/${name}`)
  }
  const all = await Promise.all(
    (await disk.list(aside)).map(async (name) => ({
      name,
      changed: (await disk.stat(`${aside}/${name}`))?.changed ?? 0,
    })),
  )
  for (const { name } of all.toSorted((a, b) => b.changed - a.changed).slice(maxDamagedFiles))
    await disk.remove(`${aside}/${name}`)
}
