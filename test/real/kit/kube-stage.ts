// A real API server for the tests of a file, in a separate folder; without one, each test is skipped with its
// reason.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { runCommand } from '../../../tools/kit/command.ts'
import type { Against } from '../../kit/proof.ts'
import { findKubernetes } from '../install/kubernetes.ts'
import { kubeconfigOf, startKube, type Kube } from './kube.ts'

export function againstKube(system: string, kube: () => Kube): readonly Against[] {
  const etcd = async (): Promise<string | undefined> =>
    /\d+(?:\.\d+)+/.exec(
      (await runCommand(join(findKubernetes().path ?? '', 'etcd'), ['--version'], { limit: 10_000 })).output,
    )?.[0]
  return [
    {
      system,
      server: 'kube-apiserver',
      version: async () => String((await kube().call('GET', '/version'))['gitVersion']).replace(/^v/, ''),
    },
    { system, server: 'etcd', version: etcd },
  ]
}

export interface KubeStage {
  readonly kube: Kube
  readonly dir: string
  /** Of the admin. */
  readonly kubeconfig: string
}

/**
 * Called at the top of a file: it starts the server before its tests and ends it after them. `flags` are the server's.
 */
export function useKube(name: string, flags: readonly string[] = []): KubeStage {
  const missing = findKubernetes()
  const stage: { kube?: Kube; dir: string } = { dir: '' }
  beforeAll(async () => {
    if (missing.path === undefined) return
    stage.dir = await mkdtemp(join(tmpdir(), `${name}-`))
    stage.kube = await startKube(stage.dir, flags)
    await writeFile(join(stage.dir, 'kubeconfig'), kubeconfigOf(stage.kube), { mode: 0o600 })
  }, 180_000)
  afterAll(async () => {
    await stage.kube?.stop()
    if (stage.dir !== '') await rm(stage.dir, { recursive: true, force: true })
  })
  beforeEach((context) => {
    if (missing.path === undefined) context.skip(missing.reason)
  })
  return {
    get kube() {
      if (stage.kube === undefined) throw new Error('there is no API server')
      return stage.kube
    },
    get dir() {
      return stage.dir
    },
    get kubeconfig() {
      return join(stage.dir, 'kubeconfig')
    },
  }
}
