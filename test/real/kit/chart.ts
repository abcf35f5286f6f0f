// The chart of deploy/helm, rendered by a real Helm.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, type TestContext } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { ROOT, runCommand } from '../../../tools/kit/command.ts'
import { findHelm } from '../install/helm.ts'
import { kubernetes } from '../install/kubernetes.ts'
import type { Container, Volume } from './pod.ts'

export const chart = join(ROOT, 'deploy/helm/weir')

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly data?: Readonly<Record<string, string>>
  readonly rules?: readonly Rule[]
  readonly spec?: Readonly<Record<string, unknown>>
}

export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

export interface Workload extends Manifest {
  readonly spec: {
    readonly replicas?: number
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string
        readonly automountServiceAccountToken: boolean
        readonly securityContext: object
        readonly containers: readonly Container[]
        readonly volumes: readonly Volume[]
      }
    }
  }
}

export interface ValueSet {
  readonly name: string
  readonly file: string
  readonly values: {
    readonly mode?: string
    readonly secrets?: { readonly env?: object; readonly files?: object }
    readonly config?: { readonly sources?: object; readonly sinks?: object }
  }
}

export const valueSets: readonly ValueSet[] = readdirSync(join(chart, 'ci'))
  .filter((file) => file.endsWith('-values.yaml'))
  .map((file) => ({
    name: basename(file, '-values.yaml'),
    file: join(chart, 'ci', file),
    values: parse(readFileSync(join(chart, 'ci', file), 'utf8')) as ValueSet['values'],
  }))

/** Path of Helm, or the test is skipped. */
export function helmOf(context: TestContext): string {
  const helm = findHelm()
  return helm.path ?? context.skip(helm.path === undefined ? helm.reason : '')
}

export const namespaceOf = ({ name }: Pick<ValueSet, 'name'>): string => `w-${name}`

const known = new Map<string, Promise<readonly Manifest[]>>()

/** All objects of a value set, in a separate namespace. */
export function rendered(context: TestContext, set: ValueSet): Promise<readonly Manifest[]> {
  const found = known.get(set.name) ?? render(helmOf(context), set)
  known.set(set.name, found)
  return found
}

/** Renders a file of values. */
export async function render(helm: string, set: Pick<ValueSet, 'name' | 'file'>): Promise<readonly Manifest[]> {
  // Helm assumes an old Kubernetes unless it is connected to one.
  const args = ['template', 'weir', chart, '--kube-version', kubernetes.version, '--values', set.file]
  args.push('--namespace', namespaceOf(set))
  const ran = await runCommand(helm, args, { limit: 120_000 })
  expect(ran.stderr).toBe('')
  expect(ran.code).toBe(0)
  return parseAllDocuments(ran.stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((each) => each !== null)
}

/** With the namespace of the release, as Helm installs them. */
export const placed = (all: readonly Manifest[], namespace: string): readonly Manifest[] =>
  all.map((each) => (each.kind.startsWith('Cluster') ? each : { ...each, metadata: { namespace, ...each.metadata } }))

export const ofKind = (all: readonly Manifest[], kind: string): readonly Manifest[] =>
  all.filter((each) => each.kind === kind)

export const workloadsOf = (all: readonly Manifest[]): readonly Workload[] =>
  ofKind(all, 'StatefulSet') as readonly Workload[]
