import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { fieldsOf, isRecord, type Fields } from '../../../src/model/json.ts'
import type { Case, Golden } from './compare.ts'
import { goldenOf } from './names.ts'
import { sentIn, sentWhole, type Sent } from './replay.ts'

const upTimes: Readonly<Record<string, string>> = {
  flow_start_sys_up_time: 'flow_start_milliseconds',
  flow_end_sys_up_time: 'flow_end_milliseconds',
}

function goldens(document: Fields): readonly Golden[] {
  const events: unknown[] = Array.isArray(document['events']) ? document['events'] : []
  return events.flatMap((event) => {
    const flow = fieldsOf(fieldsOf(fieldsOf(event)['Fields'])['netflow'])
    return flow['type'] === 'netflow_flow' ? [goldenOf({ ...flow, ...timesOf(flow) })] : []
  })
}

/** Uptimes relative to the start of the exporter; a header of IPFIX has no uptime. */
function timesOf(flow: Fields): Fields {
  const { timestamp, uptime_millis: uptime, version } = fieldsOf(flow['exporter'])
  if (version === 10) return {}
  const boot = Date.parse(String(timestamp)) - Number(uptime)
  return Object.fromEntries(
    Object.entries(upTimes).flatMap(([name, time]) => {
      const value = flow[name]
      return typeof value === 'number' && !(time in flow) ? [[time, boot + value]] : []
    }),
  )
}

async function golden(folder: string, test: string): Promise<readonly Golden[]> {
  const document: unknown = JSON.parse(await readFile(join(folder, 'golden', `${test}.golden.json`), 'utf8'))
  return isRecord(document) ? goldens(document) : []
}

export async function beatsCases(folder: string): Promise<readonly Case[]> {
  const { tests } = parse(await readFile(join(folder, 'dat_tests.yaml'), 'utf8')) as {
    tests: Record<string, { files: string[] }>
  }
  const cases: Case[] = []
  for (const [test, { files }] of Object.entries(tests)) {
    const datagrams: Sent[] = await Promise.all(
      files.map(async (file) => sentWhole(await readFile(join(folder, 'dat', file)))),
    )
    const name = test.replaceAll('-', '--').replaceAll(/[ /]/g, '-').replaceAll(/[:,]/g, '')
    cases.push({ name: `beats ${test}`, datagrams, goldens: await golden(folder, name) })
  }
  for (const file of await readdir(join(folder, 'pcap')))
    cases.push({
      name: `beats ${file}`,
      datagrams: sentIn(await readFile(join(folder, 'pcap', file))),
      goldens: await golden(folder, file),
    })
  return cases
}
