import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Case } from './compare.ts'
import { goldenOf } from './names.ts'
import { sentWhole } from './replay.ts'

type Pairs = Record<string, unknown>

function valueOf(ruby: string): unknown {
  const text = /^["'](.*)["']$/.exec(ruby.trim())?.[1]
  return text ?? Number(ruby)
}

/** Values of the hash `expected_record`, or those that a test expects of its only record. */
function expected(test: string): Pairs {
  const hash = /expected_record = \{([\s\S]*?)\n {4}\}/.exec(test)?.[1] ?? ''
  const pairs = [...hash.matchAll(/["'](\w+)["'] *=> *("[^"]*"|'[^']*'|\w+)/g)]
  const single = [...test.matchAll(/assert_equal +("[^"]*"|'[^']*'|\d+), parsed\.first\[1\]\['(\w+)'\]/g)]
  return Object.fromEntries([
    ...pairs.map(([, name = '', value = '']): [string, unknown] => [name, valueOf(value)]),
    ...single.map(([, value = '', name = '']): [string, unknown] => [name, valueOf(value)]),
  ])
}

/** Without tests of caches by host, which send one datagram from two. */
export async function fluentdCases(folder: string): Promise<readonly Case[]> {
  const cases: Case[] = []
  for (const file of ['test_parser_netflow.rb', 'test_parser_netflow9.rb']) {
    const source = await readFile(join(folder, 'test', file), 'utf8')
    const methods = new Map<string, string>()
    for (const [, method = '', dump = ''] of source.matchAll(/def (raw_\w+)\n[^\n]*\.\.\/(dump\/[\w.-]+)/g))
      methods.set(method, dump)
    for (const [, name = '', test = ''] of source.matchAll(/\n {2}test '([^']+)' do\n([\s\S]*?)\n {2}end/g)) {
      const record = expected(test)
      if (Object.keys(record).length === 0 || test.includes('another_host')) continue
      const used = /binread\([^"]*"(dump\/[\w.-]+)"/.exec(test)?.[1]
      const sent = [...test.matchAll(/(?<=[([ ])raw_\w+/g)].flatMap(([method]) => methods.get(method) ?? [])
      const dumps = used === undefined ? [...new Set(sent)] : [used]
      if (dumps.length === 0) continue
      const datagrams = await Promise.all(
        dumps.map(async (dump) => sentWhole(await readFile(join(folder, 'test', dump)))),
      )
      cases.push({ name: `fluentd ${name}`, datagrams, goldens: [goldenOf(record)] })
    }
  }
  return cases
}
