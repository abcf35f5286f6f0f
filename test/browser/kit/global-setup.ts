import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderVariable } from './data-set/template.ts'

/** Names the folder for data set D, which the first test that wants it fills, and removes it at the end. */
export default function setup(): () => Promise<void> {
  if (process.env[folderVariable] !== undefined) return () => Promise.resolve()
  const folder = join(tmpdir(), `weir-data-set-${process.pid}`)
  process.env[folderVariable] = folder
  return () => rm(folder, { recursive: true, force: true })
}
