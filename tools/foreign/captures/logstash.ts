import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fieldsOf } from '../../../src/model/json.ts'
import type { Case, Golden } from './compare.ts'
import { goldenOf } from './names.ts'
import { sentWhole } from './replay.ts'

const options =
  /^(?:scope_|interface_desc|if_(?:name|desc)|total_flows_exp|total_pkts_exp|systemInitTime|application_name)/i
const isOptions = (golden: Golden): boolean => !('src_addr' in golden || 'dst_addr' in golden || 'bytes' in golden)

/** `{micros}` and `{nanos}`: digits behind the milliseconds, of newer versions. */
function events(test: string): readonly Golden[] {
  return [...test.matchAll(/events << <<-END\n([\s\S]*?)\n\s*END\n/g)].flatMap(([, json = '']) => {
    const { netflow } = JSON.parse(json.replaceAll(/#\{\w+\}/g, '')) as { netflow: unknown }
    const record = fieldsOf(netflow)
    if (Object.keys(record).some((name) => options.test(name))) return []
    const golden = goldenOf(record)
    return isOptions(golden) ? [] : [golden]
  })
}

/** Values that a test expects of one event, by its number. */
function expected(test: string): readonly Golden[] {
  const records = new Map<string, Record<string, unknown>>()
  for (const [, at = '', name = '', value = ''] of test.matchAll(
    /decode\[(\d+)\]\.get\("\[netflow\]\[(\w+)\]"\)\)\.to eq\(("[^"#]*"|\d+)\)/g,
  )) {
    const record = records.get(at) ?? {}
    records.set(at, record)
    record[name] = JSON.parse(value)
  }
  return [...records.values()].map(goldenOf).filter((golden) => !isOptions(golden))
}

const wrap = 2 ** 32

/** The codec adds up to two seconds to times that are relative to the uptime, and does not expect that it wraps. */
function ofUptime(record: Golden, column: string, value: unknown): string | undefined {
  if (!column.startsWith('time_') || typeof value !== 'number') return undefined
  const later = (Number(record[column]) - value) % wrap
  return later >= 0 && later < 2000
    ? `RFC 3954, section 5.1: the time by uptime and clock is ${new Date(value).toISOString()}, ${later} ms before`
    : undefined
}

export async function logstashCases(folder: string): Promise<readonly Case[]> {
  const spec = await readFile(join(folder, 'spec/codecs/netflow_spec.rb'), 'utf8')
  const cases = spec.split(/\n {2}context /).slice(1)
  return Promise.all(
    cases.flatMap((test) => {
      const name = /^"([^"]*)"/.exec(test)?.[1]
      const files = [...test.matchAll(/IO\.read\([^"]*"([^"]+\.dat)"/g)].map(([, file = '']) => file)
      if (name === undefined || files.length === 0) return []
      return [ofFiles(name.trim(), files, test)]
    }),
  )

  async function ofFiles(name: string, files: readonly string[], test: string): Promise<Case> {
    const datagrams = await Promise.all(
      files.map(async (file) => sentWhole(await readFile(join(folder, 'spec/codecs', file)))),
    )
    const whole = events(test)
    const parts = expected(test).filter(
      (part) => !whole.some((golden) => Object.entries(part).every(([key, value]) => golden[key] === value)),
    )
    return { name: `logstash ${name}`, datagrams, goldens: [...whole, ...parts], contradicts: ofUptime }
  }
}
