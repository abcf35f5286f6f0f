// Lines of a Kubernetes watch.

export function eventLine(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`
}

/** The bookmark that ends the initial events. */
export function bookmark(version: number, kind: 'Pod' | 'Node' = 'Pod'): object {
  const annotations = { 'k8s.io/initial-events-end': 'true' }
  return { kind, apiVersion: 'v1', metadata: { resourceVersion: String(version), annotations } }
}
