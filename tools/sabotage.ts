import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './kit/command.ts'
import { sabotage, type Breakage } from './kit/sabotage.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { root: { type: 'string', default: ROOT } },
})
const root = resolve(values.root)

const all = JSON.parse(await readFile(join(root, 'tools/sabotage.json'), 'utf8')) as Breakage[]
const wanted = positionals.length === 0 ? all : all.filter((breakage) => positionals.includes(breakage.name))
const unknown = positionals.filter((name) => !all.some((breakage) => breakage.name === name))

if (unknown.length > 0) {
  console.error(
    `No such breakage: ${unknown.join(', ')}. There are: ${all.map((breakage) => breakage.name).join(', ') || 'none'}.`,
  )
  process.exitCode = 2
} else {
  const width = Math.max(0, ...wanted.map((breakage) => breakage.name.length))
  const outcomes = await sabotage(root, wanted, (outcome) => {
    const verdict = outcome.red ? 'red, noticed' : `NOT SHOWN: ${outcome.why}`
    console.log(`${outcome.name.padEnd(width)}  ${outcome.seconds.toFixed(1).padStart(5)} s  ${verdict}`)
  })
  const noticed = outcomes.filter((outcome) => outcome.red).length
  console.log(`sabotage: ${noticed} passed, ${outcomes.length - noticed} failed, 0 skipped`)
  process.exitCode = noticed === outcomes.length ? 0 : 1
}
