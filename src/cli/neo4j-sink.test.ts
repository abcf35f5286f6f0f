import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder, weir } from './testing/command.ts'

test("invalid settings end with neo4j_sink's exit code and a message; valid ones become a configuration", async () => {
  const { code, out, err } = await weir(['neo4j-sink'], { env: { NEO4J_URI: 'graph', PORT: '' } })
  expect([code, out]).toEqual([78, ''])
  expect(err).toMatch(/^weir: NEO4J_URI is no URL of a Neo4j.*\n {6}`weir neo4j-sink --help` lists the settings\.\n$/)
  const folder = await temporaryFolder()
  const env = { NEO4J_URI: 'bolt://graph', NEO4J_PASSWORD: 'hidden', PORT: '9000' }
  const printed = await weir(['neo4j-sink', '--print-config', '--data', folder], { env })
  await writeFile(join(folder, 'weir.yaml'), printed.out)
  const checked = await weir(['check', '--config', join(folder, 'weir.yaml')], { env })
  expect([
    printed.code,
    checked.code,
    checked.err,
    checked.out.includes('neo4j: bolt://graph, from http'),
    (printed.out + printed.err + checked.out).includes('hidden'),
  ]).toEqual([0, 0, '', true, false])
})
