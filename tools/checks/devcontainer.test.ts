// The files of the development container: read, because there is no Docker in the tests.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { ROOT, runCommand } from '../kit/command.ts'

const folder = join(ROOT, '.devcontainer')
const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')

interface Kind {
  readonly kind: string
  readonly apiVersion: string
  readonly nodes: readonly {
    readonly role: string
    readonly extraPortMappings?: readonly {
      readonly containerPort: number
      readonly hostPort: number
      readonly protocol: string
    }[]
  }[]
}

/** Fields of kind's v1alpha4, by type. */
const fields = {
  cluster: [
    'kind',
    'apiVersion',
    'name',
    'nodes',
    'networking',
    'featureGates',
    'runtimeConfig',
    'kubeadmConfigPatches',
    'kubeadmConfigPatchesJSON6902',
    'containerdConfigPatches',
    'containerdConfigPatchesJSON6902',
  ],
  node: [
    'role',
    'image',
    'labels',
    'extraMounts',
    'extraPortMappings',
    'kubeadmConfigPatches',
    'kubeadmConfigPatchesJSON6902',
  ],
  mapping: ['containerPort', 'hostPort', 'listenAddress', 'protocol'],
}
const unknown = (object: object, known: readonly string[]): string[] =>
  Object.keys(object).filter((name) => !known.includes(name))

test('the kind configuration has one control plane, three workers, and only fields of kind', async () => {
  const kind = parse(await read('kind.yaml')) as Kind
  expect([kind.kind, kind.apiVersion]).toEqual(['Cluster', 'kind.x-k8s.io/v1alpha4'])
  expect(kind.nodes.map(({ role }) => role)).toEqual(['control-plane', 'worker', 'worker', 'worker'])
  expect(unknown(kind, fields.cluster)).toEqual([])
  for (const node of kind.nodes) {
    expect(unknown(node, fields.node)).toEqual([])
    for (const mapping of node.extraPortMappings ?? []) expect(unknown(mapping, fields.mapping)).toEqual([])
  }
})

test('the ports of Neo4j and the registry are the same in each file', async () => {
  const { nodes } = parse(await read('kind.yaml')) as Kind
  const mappings = nodes.flatMap(({ extraPortMappings = [] }) => extraPortMappings)
  const service = parseAllDocuments(await read('neo4j.yaml'))
    .map((document) => document.toJS() as { kind: string; spec: { ports: { port: number; nodePort: number }[] } })
    .find(({ kind }) => kind === 'Service')
  for (const { port, nodePort } of service?.spec.ports ?? [])
    expect(mappings.find(({ containerPort }) => containerPort === nodePort)?.hostPort).toBe(port)
  expect(service?.spec.ports.map(({ port }) => port)).toEqual([7474, 7687])
  const { forwardPorts } = JSON.parse(await read('devcontainer.json')) as { forwardPorts: number[] }
  expect(forwardPorts).toEqual(expect.arrayContaining([7474, 7687, 5001, 8080, 8081]))
  expect(await read('cluster.sh')).toContain('registry_port=5001\n')
  expect(await read('helmfile.yaml')).toContain('repository: localhost:5001/weir\n')
})

test('the container has the tools that the script and the tests use', async () => {
  const { features, onCreateCommand, postCreateCommand } = JSON.parse(await read('devcontainer.json')) as {
    readonly features: Readonly<Record<string, object>>
    readonly onCreateCommand: string
    readonly postCreateCommand: string
  }
  const names = Object.keys(features).map((name) => /\/([^/]+):\d+$/.exec(name)?.[1])
  for (const tool of ['docker-in-docker', 'node', 'go', 'kubectl-helm-minikube', 'kind', 'helmfile', 'k9s'])
    expect(names).toContain(tool)
  expect(onCreateCommand).toMatch(/^npm ci && go install \S+\/dive@v/)
  expect(postCreateCommand).toBe('.devcontainer/cluster.sh up')
  expect((features['ghcr.io/devcontainers/features/node:1'] as { version: string }).version).toBe('24')
})

test('the script has valid syntax, is executable, and explains itself', async () => {
  const script = join(folder, 'cluster.sh')
  expect((await runCommand('bash', ['-n', script], { limit: 30_000 })).output).toBe('')
  const usage = await runCommand(script, [], { limit: 30_000 })
  expect([usage.code, usage.stderr]).toEqual([2, 'usage: cluster.sh up | image | down\n'])
})
