// Figures of the peers are costs of this machine, so each round measures all collectors.
import { join } from 'node:path'
import { percentile } from '../../test/kit/percentile.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { measureLoads } from './flows-speed/whole.ts'
import { measurePeer, peers, type Load } from './ingest-peers/peers.ts'

const addresses = 120_000
/** As in an attack with forged sources. */
const manyAddresses = 4_000_000
const mostOfManyAddresses = 1.5

type Case = Readonly<{ name: string; rate: number; seconds: number; addresses: number; aimUs: number }>

const cases: readonly Case[] = [
  { name: '1,000/s', rate: 1000, seconds: 30, addresses, aimUs: 20 },
  { name: '20,000/s', rate: 20_000, seconds: 8, addresses, aimUs: 2.5 },
  { name: '100,000/s', rate: 100_000, seconds: 6, addresses, aimUs: 1.3 },
  { name: '300,000/s', rate: 300_000, seconds: 5, addresses, aimUs: 1 },
]
const attack: Case = { ...cases[2]!, name: '100,000/s of 4 million addresses', addresses: manyAddresses, aimUs: 0 }

const weirStored = 'Weir, journal and store'
const weirJournalled = 'Weir, journal'

export default {
  name: 'ingest-peers',
  issue: '58.7',
  title: 'The cost of a NetFlow v9 flow in Weir, beside nfcapd, goflow2 and a lower bound in C.',
  async run(context) {
    const chosen = context.size([...cases, attack], [{ ...cases[1]!, seconds: 1 }])
    const costs = new Map<string, number[][]>()
    for (let round = 0; round < context.size(3, 1); round++) {
      const folder = (name: string) => join(context.folder, `${name}-${round}`)
      const loads = chosen.map((given) => loadOf(given, context.seed + round))
      const add = (name: string, us: number[]) => costs.set(name, [...(costs.get(name) ?? []), us])
      add(weirStored, await costsOfWeir(context, folder('stored'), loads, {}))
      if (context.scale === 'full')
        add(weirJournalled, await costsOfWeir(context, folder('journalled'), loads, { store: { enabled: 'none' } }))
      for (const [index, peer] of context.size(peers, peers.slice(0, 1)).entries()) {
        const found = await peer.find(context.scale === 'full')
        if (found.path !== undefined)
          add(peer.name, await measurePeer(peer, found.path, folder(`peer-${index}`), loads))
        else if (round === 0) context.figure(peer.name, `not available: ${found.reason}`)
      }
    }
    judge(context, chosen, costs)
  },
} satisfies AcceptanceRun

function loadOf({ rate, seconds, addresses: count }: Case, seed: number): Load {
  return { protocol: 'netflow9', perDatagram: 24, addresses: count, seed, rate, flows: rate * seconds }
}

async function costsOfWeir(
  context: AcceptanceContext,
  folder: string,
  loads: readonly Load[],
  config: Readonly<Record<string, unknown>>,
): Promise<number[]> {
  const runs = await measureLoads(folder, loads, {
    config: { ...config, sources: { sflow: { listen: 'off' } } },
  })
  for (const { sent, stored, kernelDrops, balanced } of runs) {
    const missing = sent.flows - stored.rows - kernelDrops * 24
    context.expect(missing <= 0 && balanced, `Weir has all ${stored.rows} flows that the kernel passed on`)
  }
  return runs.map(({ cpuSeconds, stored }) => (cpuSeconds / stored.rows) * 1e6)
}

function judge(context: AcceptanceContext, chosen: readonly Case[], costs: ReadonlyMap<string, readonly number[][]>) {
  const median = (name: string, index: number) =>
    percentile(
      (costs.get(name) ?? []).map((round) => round[index] ?? Number.NaN),
      50,
    )
  for (const [index, { name }] of chosen.entries())
    for (const tool of costs.keys()) context.figure(`${name}: ${tool}`, median(tool, index), 'µs of CPU per flow')
  for (const [index, { name, aimUs }] of chosen.entries())
    if (aimUs > 0)
      context.expectSpeed(median(weirStored, index) <= aimUs, `${name}: at most ${aimUs} µs of CPU per flow`)
  const [at, of] = [chosen.indexOf(attack), chosen.findIndex(({ rate }) => rate === attack.rate)]
  if (at === -1) return
  context.expectSpeed(
    median(weirStored, at) <= mostOfManyAddresses * median(weirStored, of),
    `${attack.name}: at most ${mostOfManyAddresses} times the cost of ${addresses.toLocaleString('en-US')} addresses`,
  )
}
