// `npm run lock`: removes the engines. Packages run on the Node that npm installs, not on the installing one.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from './kit/command.ts'

const file = join(ROOT, 'package-lock.json')
const lock = JSON.parse(await readFile(file, 'utf8')) as { packages: Record<string, { engines?: unknown }> }
for (const [path, entry] of Object.entries(lock.packages)) if (path !== '') delete entry.engines
await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`)
