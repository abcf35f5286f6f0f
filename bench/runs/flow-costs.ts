import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { runCommand } from '../../tools/kit/command.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { treeSeconds } from '../../test/kit/proc.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import type { SendResult } from '../../test/kit/flow-load/send.ts'
import { sendFlows } from '../../test/kit/flow-load/sender.ts'
import { install } from '../../test/real/install/apt.ts'
import { nfcapd } from '../../test/real/install/nfcapd.ts'
import { startSfcapd, type Sfcapd } from '../../test/real/kit/sfcapd.ts'

const exportMicroseconds = 2
const starRatio = 3
const nfdumpRatio = 2
const rounds = 10
const apiLimit = 250
const pollMs = 50

const fewColumns = 'time_start, src_addr, dst_addr, bytes'

export default {
  name: 'flow-costs',
  issue: '24.28',
  title:
    'Of five million stored flows an export takes at most 2 µs per row and blocks no request. SELECT * takes ' +
    'at most three times four columns, and these at most twice nfdump.',
  async run(context) {
    const found = await install(nfcapd)
    if (found.path === undefined) return context.skip(found.reason)
    await using weir = await startWeir({ folder: join(context.folder, 'weir') })
    await using collector = await startSfcapd(context.folder, nfcapd)
    const sent = await send(context, weir.ports.netflow)
    await send(context, collector.port)
    await weir.caughtUp(600_000)
    const rows = (await weir.sql<{ rows: number }>('SELECT count(*) AS rows FROM flows'))[0]?.rows ?? 0
    context.figure('flows stored', rows)
    // The kernel may drop datagrams on a busy machine.
    context.expect(rows > 0.99 * sent.flows, `${sent.flows} flows are stored (${rows})`)
    await exports(context, weir, rows)
    const address = await addressOfFew(weir)
    await addresses(context, weir, collector, address)
  },
} satisfies AcceptanceRun

/** Each receives the same flows. */
function send(context: AcceptanceContext, port: number): Promise<SendResult> {
  return sendFlows(
    {
      protocol: 'netflow9',
      perDatagram: 24,
      addresses: 60_000,
      seed: context.seed,
      rate: context.size(40_000, 20_000),
      flows: context.size(5_000_000, 80_000),
      port,
    },
    1_200_000,
  )
}

async function exports(context: AcceptanceContext, weir: WeirProcess, rows: number) {
  for (const [what, columns] of [
    ['eight columns', 'time_received,src_addr,dst_addr,src_port,dst_port,proto,bytes,packets'],
    ['all columns', '*'],
  ] as const) {
    const before = { all: treeSeconds(weir.pid), own: weir.cpuSeconds() }
    const began = performance.now()
    const others = waits(weir)
    const answer = await fetch(
      `${weir.url}/api/v1/export?${new URLSearchParams({ format: 'parquet', columns, from: 'now-12h' }).toString()}`,
    )
    let bytes = 0
    for await (const piece of answer.body ?? []) bytes += (piece as Uint8Array).length
    const wall = (performance.now() - began) * 1000
    const times = await others()
    const used = (treeSeconds(weir.pid) - before.all) * 1e6
    context.expect(answer.status === 200 && bytes > rows, `export of ${what}: it is answered`)
    context.figure(`export of ${what}: processor time`, used / rows, 'µs per row')
    context.figure(
      `export of ${what}: of it in Weir's own process`,
      ((weir.cpuSeconds() - before.own) * 1e6) / rows,
      'µs per row',
    )
    context.figure(`export of ${what}: until its end`, wall / rows, 'µs per row')
    context.figure(`export of ${what}: size`, bytes / rows, 'bytes per row')
    context.figure(`export of ${what}: other answers meanwhile, p95`, Math.round(percentile(times, 95)), 'ms')
    context.expectSpeed(
      wall / rows <= exportMicroseconds,
      `export of ${what}: it ends within ${exportMicroseconds} µs per row`,
    )
    context.expectSpeed(percentile(times, 95) <= apiLimit, `export of ${what}: other answers within ${apiLimit} ms`)
  }
}

/** Polls the API until the returned function is called, which returns the response times in ms. */
function waits(weir: WeirProcess): () => Promise<number[]> {
  const times: number[] = []
  const state = { ended: false }
  const polling = (async () => {
    while (!state.ended) {
      const began = performance.now()
      await weir.ledger()
      times.push(performance.now() - began)
      await sleep(pollMs)
    }
  })()
  return async () => {
    state.ended = true
    await polling
    return times
  }
}

async function addressOfFew(weir: WeirProcess): Promise<string> {
  const [found] = await weir.sql<{ address: string }>(
    "SELECT src_addr AS address FROM flows WHERE src_addr LIKE '%.%' GROUP BY ALL HAVING count(*) BETWEEN 20 " +
      'AND 400 ORDER BY count(*) DESC, address LIMIT 1',
  )
  return found?.address ?? ''
}

async function addresses(context: AcceptanceContext, weir: WeirProcess, collector: Sfcapd, address: string) {
  const { nfdump, paths } = await collector.files()
  const select = (columns: string): Promise<object[]> =>
    weir.sql(`SELECT ${columns} FROM flows WHERE src_addr = '${address}'`)
  const printed = async (): Promise<{ readonly lines: number; readonly seconds: number }> => {
    // The shell measures the CPU time of its child.
    const script =
      `for file in "$@"; do ${nfdump} -r "$file" -q -N -o 'fmt:%ts %sa %da %byt' 'src ip ${address}'; ` +
      'done; cat /proc/$$/stat'
    const { stdout } = await runCommand('/bin/sh', ['-c', script, 'sh', ...paths], { limit: 120_000 })
    const lines = stdout.trim().split('\n')
    const fields = (lines.pop() ?? '').split(') ')[1]?.split(' ') ?? []
    return {
      lines: lines.filter((line) => line.includes(address)).length,
      seconds: (Number(fields[13]) + Number(fields[14])) / 100,
    }
  }
  const rows = (await select('*')).length
  const { lines } = await printed()
  context.figure('flows of the address', rows)
  context.expect(
    rows > 0 && Math.abs(rows - lines) <= 0.05 * rows,
    `nfdump prints as many flows of the address (${lines})`,
  )
  await select(fewColumns)
  const spent = { few: 0, all: 0, nfdump: 0 }
  const measured = async (columns: string) => {
    const before = treeSeconds(weir.pid)
    await select(columns)
    return treeSeconds(weir.pid) - before
  }
  for (let round = 0; round < rounds; round++) {
    spent.few += await measured(fewColumns)
    spent.all += await measured('*')
    spent.nfdump += (await printed()).seconds
  }
  const ms = (seconds: number) => Math.round((seconds * 1000) / rounds)
  context.figure('four columns of an address: processor time', ms(spent.few), 'ms')
  context.figure('all columns of an address: processor time', ms(spent.all), 'ms')
  context.figure('four columns of an address in nfdump: processor time', ms(spent.nfdump), 'ms')
  context.expectSpeed(
    spent.all <= starRatio * spent.few,
    `SELECT * takes at most ${starRatio} times four columns (${(spent.all / spent.few).toFixed(2)})`,
  )
  context.expectSpeed(
    spent.few <= nfdumpRatio * spent.nfdump,
    `four columns take at most ${nfdumpRatio} times nfdump (${(spent.few / spent.nfdump).toFixed(2)})`,
  )
}
