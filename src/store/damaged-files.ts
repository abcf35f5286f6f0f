import type { Disk } from '../host/index.ts'
import { damagedFolder } from './names.ts'

const maxDamagedFiles = 16

/** An operator can salvage their rows. */
export async function moveToDamaged(disk: Disk, directory: string, names: readonly string[]): Promise<void> {
  const folder = `${directory}/${damagedFolder}`
  await disk.makeDirectory(folder, 0o700)
  for (const name of names) {
    if ((await disk.stat(`${directory}/${name}`)) !== undefined)
      await disk.rename(`${directory}/${name}`, `${folder}/${name}`)
  }
  const all = await Promise.all(
    (await disk.list(folder)).map(async (name) => ({
      name,
      changed: (await disk.stat(`${folder}/${name}`))?.changed ?? 0,
    })),
  )
  for (const { name } of all.toSorted((a, b) => b.changed - a.changed).slice(maxDamagedFiles))
    await disk.remove(`${folder}/${name}`)
}
