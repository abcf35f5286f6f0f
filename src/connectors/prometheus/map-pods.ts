/** Targets that the annotations of a pod name. */
import { fieldsOf } from '../../model/json.ts'
import type { ObjectMeta } from '../../net/kubernetes/follow-collection.ts'
import type { Target } from './source-target.ts'

const prefix = 'prometheus.io/'

export function podTargets({ name, namespace, annotations }: ObjectMeta, pod: unknown): Target[] {
  const { spec, status } = fieldsOf(pod)
  const { podIP: ip, phase } = fieldsOf(status)
  if (annotations[`${prefix}scrape`] !== 'true' || typeof ip !== 'string' || ip === '') return []
  if (phase === 'Succeeded' || phase === 'Failed') return []
  const path = annotations[`${prefix}path`] ?? '/metrics'
  const scheme = annotations[`${prefix}scheme`] === 'https' ? 'https' : 'http'
  const node = fieldsOf(spec)['nodeName']
  const labels = { namespace, pod: name, ...(typeof node === 'string' ? { node } : {}) }
  const host = ip.includes(':') ? `[${ip}]` : ip
  return portsOf(annotations[`${prefix}port`], spec).flatMap((port) => {
    const instance = `${host}:${port}`
    const url = `${scheme}://${instance}${path.startsWith('/') ? '' : '/'}${path}`
    return URL.canParse(url) ? [{ url, labels: { ...labels, instance } }] : []
  })
}

function portsOf(annotated: string | undefined, spec: unknown): readonly string[] {
  if (annotated !== undefined) return [annotated]
  const containers = fieldsOf(spec)['containers']
  const ports = (Array.isArray(containers) ? (containers as unknown[]) : []).flatMap((container) => {
    const listed = fieldsOf(container)['ports']
    return Array.isArray(listed) ? (listed as unknown[]).map(fieldsOf) : []
  })
  return ports
    .filter(({ protocol = 'TCP', containerPort }) => protocol === 'TCP' && typeof containerPort === 'number')
    .map(({ containerPort }) => String(containerPort))
}
