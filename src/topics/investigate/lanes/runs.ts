import type { Scene } from '../scene.ts'

type Running = Pick<Scene, 'subject' | 'related' | 'dialect'>

/** Condition of rows of insights: images that the subject runs, or is. Undefined: it runs none. `name`: its column. */
export function runsSql({ subject, related: { workload }, dialect }: Running, name: string): string | undefined {
  const { anyItem, text } = dialect
  if (subject.is === 'image')
    return subject.digest === undefined ? `${name} = ${text(subject.name)}` : `image = ${text(subject.digest)}`
  if (subject.is === 'object' && subject.parts.kind === 'Namespace') {
    const namespace = text(subject.parts.name)
    return anyItem('namespaces', (item) => `${item} = ${namespace}`)
  }
  if (workload === undefined) return undefined
  const named = text(`${workload.namespace}/${workload.kind}/${workload.name}`)
  return anyItem('workloads', (item) => `${item} = ${named}`)
}
