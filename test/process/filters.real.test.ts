import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FlowSender } from '../kit/flow-sender.ts'
import { startWeir } from '../kit/weir-process.ts'

interface Answer {
  readonly columns: readonly { readonly name: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly next: string | null
  readonly source: string
  readonly exact: boolean
}

it('a running Weir finds flows by filter, page, time range and pair of addresses', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-filters-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await using weir = await startWeir({ folder })
  const sender = new FlowSender({ port: weir.ports.netflow, rate: 1, addresses: 50 })
  await sender.start()
  sender.pause()
  for (let datagram = 0; datagram < 20; datagram++) sender.send()
  await sender.close()
  const get = async (path: string, parameters: Record<string, string>): Promise<Answer> => {
    const answer = await fetch(
      `http://127.0.0.1:${weir.ports.api}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`,
    )
    return (await answer.json()) as Answer
  }
  const sent = sender.sent
  await expect
    .poll(async () => (await weir.sql('SELECT count(*) AS n FROM flows'))[0]?.['n'], { timeout: 20_000 })
    .toBe(sent)

  // Of four flows, one goes to port 443; flow n reports n + 1 packets.
  const filter = 'dst_port = https and packets > 100'
  const wanted = Array.from({ length: sent }, (_, n) => n + 1).filter((packets, n) => n % 4 === 0 && packets > 100)
  const seen: unknown[] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Answer = await get('flows', {
      filter,
      sort: '-packets',
      columns: 'packets',
      limit: '40',
      ...(cursor === undefined ? {} : { cursor }),
    })
    seen.push(...page.rows.map(([packets]) => packets))
    cursor = page.next
  }
  expect(seen).toEqual(wanted.toReversed())

  const column = (answer: Answer, name: string): unknown[] =>
    answer.rows.map((row) => row[answer.columns.findIndex((each) => each.name === name)])
  const sum = (values: readonly unknown[]): number => values.reduce<number>((total, value) => total + Number(value), 0)
  const groups = { group: 'dst_port', filter: 'dst_port in (https, dns, http, postgres)' }
  // A short range uses a rollup between whole minutes. With so few flows, only complete rollups are used.
  const minute = 60_000
  const end = (Math.floor(Date.now() / minute) + 2) * minute
  const whole = { from: new Date(end - 60 * minute).toISOString(), to: new Date(end).toISOString() }
  for (const [filter, source] of [
    [whole, 'flows_1m'],
    [{}, 'raw'],
    [{ source: 'raw' }, 'raw'],
    [groups, 'raw'],
  ] as const) {
    const series = await get('series', { step: '1m', to: 'now+1m', ...filter })
    expect({ source: series.source, exact: series.exact }).toEqual({ source, exact: true })
    expect(sum(column(series, 'flows'))).toBe(sent)
    expect(sum(column(series, 'packets'))).toBe((sent * (sent + 1)) / 2)
  }
  const topology = await get('topology', {
    scope: 'addr',
    filter: 'any.addr = 10.0.0.0/8',
    limit: '10000',
    from: 'now-10m',
    to: 'now+1m',
  })
  expect(sum(column(topology, 'flows'))).toBe(sent)
})
