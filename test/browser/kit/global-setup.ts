import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderVariable } from './data-set/template.ts'

/** Provides and removes the folder of data set D. */
export default function setup(): () => Promise<void> {
  if (process.env[folderVariable] !== undefined) return () => Promise.resolve()
  const folder = join(tmpdir(), `weir-data-set-${process.pid}`)
  process.env[folderVariable] = folder
  return () => rm(folder, { recursive: true, force: true })
}
