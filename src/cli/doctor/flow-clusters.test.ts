import { createSocket } from 'node:dgram'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startWeir } from '../../../test/kit/weir-process.ts'
import { loadConfig } from '../../app/load-config.ts'
import { readHolder } from '../../app/lock.ts'
import { realHost } from '../../host/index.ts'
import { realMachine } from '../../host/machine.ts'
import { temporaryFolder } from '../testing/command.ts'
import type { Finding } from './finding.ts'
import { checkFlowClusters, configuredClusters } from './flow-clusters.ts'

async function configured(text: string): Promise<Finding[]> {
  const file = join(await temporaryFolder(), 'weir.yaml')
  await writeFile(file, text)
  return configuredClusters((await loadConfig(realHost(), [file], [])).config)
}

const north = '  kubernetes: {cluster: north}\n'
const agents = '  agents: {type: netobserv, listen: "127.0.0.1:0"}\n'

test.each([
  [`identity: {cluster: west}\nsources:\n${north}`, [/`identity.cluster` is west.*watched clusters are north/]],
  [`identity: {cluster: north}\nsources:\n${north}`, []],
  [`sources:\n${north}  netflow: {cluster: east}\n`, [/flows of netflow have the cluster east.*clusters are north/]],
  [`sources:\n${north}  netflow: {cluster: north}\n`, []],
  [`sources:\n${agents}`, [/flows of agents have no cluster/]],
  [`identity: {cluster: west}\nsources:\n${agents}`, []],
  [`sources:\n${agents}${north}`, []],
  ['', []],
])('the configuration %j is checked', async (text, facts) => {
  const findings = await configured(text)
  expect(findings.map(({ status }) => status)).toEqual(facts.map(() => 'warn'))
  facts.forEach((fact, index) => expect(findings[index]?.fact).toMatch(fact))
  expect(findings.every(({ advice }) => advice !== undefined)).toBe(true)
})

/** One flow, NetFlow 5. */
const datagram = Buffer.from(
  '00050001000927c06553f1001dcd6500000000290007400a0a0000010a00000200000000000300040000000a000003e8000900b0000923d8' +
    '9c4001bb001b0600fbf4fbf518100000',
  'hex',
)

test('flows of a running Weir without a cluster are reported, and counted once they have one', async () => {
  const folder = await temporaryFolder()
  const found = async (cluster: string | null, flows: number): Promise<Finding[]> => {
    await using weir = await startWeir({ folder, config: cluster === null ? {} : { identity: { cluster } } })
    const socket = createSocket('udp4')
    await new Promise((resolve) => socket.send(datagram, weir.ports.netflow, '127.0.0.1', resolve))
    socket.close()
    const accepted = async (): Promise<number | undefined> =>
      (await weir.ledger()).sources.find(({ name }) => name === 'netflow')?.accepted
    await expect.poll(accepted, { timeout: 20_000 }).toBe(flows)
    await weir.caughtUp(20_000)
    const { config } = await loadConfig(realHost(), [join(folder, 'weir.yaml')], [])
    const expecting = { ...config, identity: { ...config.identity, cluster: 'west' } }
    const running = readHolder(config.data)
    return await checkFlowClusters({ host: realHost(), machine: realMachine, config: expecting, running })
  }
  expect(await found(null, 1)).toMatchObject([
    { status: 'warn', fact: 'none of the 1 flows of the last hour has a cluster' },
  ])
  expect(await found('west', 2)).toMatchObject([{ status: 'ok', fact: '1 of 2 flows of the last hour have one: west' }])
})
