import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/testing/command.ts'
import { realHost } from '../host/index.ts'
import { nameSettings, sourceEntries } from './config-entries.ts'
import { loadConfig } from './load-config.ts'

async function load(text: string) {
  const file = join(await temporaryFolder(), 'weir.yaml')
  await writeFile(file, text)
  return (await loadConfig(realHost(), [file], [])).config
}

async function clusters(text: string): Promise<Readonly<Record<string, string | undefined>>> {
  const entries = sourceEntries(await load(text), () => '')
  return Object.fromEntries(entries.map(({ id, cluster }) => [id, cluster]))
}

test('flows have the cluster of their source, else the common one while no cluster is watched', async () => {
  const sources = 'sources:\n  netflow: {cluster: east}\n  agents: {type: netobserv, listen: "127.0.0.1:0"}\n'
  expect(await clusters(`identity: {cluster: west}\n${sources}`)).toMatchObject({
    netflow: 'east',
    agents: 'west',
    sflow: 'west',
  })
  expect(await clusters(`identity: {cluster: west}\n${sources}  kubernetes: {cluster: north}\n`)).toMatchObject({
    netflow: 'east',
    agents: undefined,
    kubernetes: undefined,
  })
  expect(Object.values(await clusters('')).filter((cluster) => cluster !== undefined)).toEqual([])
})

test('zones are on, and layers have prefixes of usual infrastructure, unless set otherwise', async () => {
  expect(nameSettings(await load(''))).toEqual({ zones: true, infra: ['kube-', 'openshift'], labels: [] })
  expect(nameSettings(await load('identity: {zones: false, infra_namespaces: []}\n'))).toEqual({
    zones: false,
    infra: [],
    labels: [],
  })
})
